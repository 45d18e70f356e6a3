"""The command `evaluate`: its whole text, its picture, its sentences."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from refkit.cli import main
from refkit.commands.evaluate import evaluate
from tests.evaluation.made import RATES, columns, write_csv

ROOT = Path(__file__).resolve().parents[2]
STATED = "--irreducible 0.01 --train 0.03 --train-val 0.08 --test-val 0.12 --test 0.13".split()

TEXT = """\
errors are share wrong, the lower the better

split         error
irreducible  0.0100
train        0.0300
train_val    0.0800
test_val     0.1200
test         0.1300

term                     error
irreducible             0.0100
avoidable bias          0.0200  underfitting
variance                0.0500  overfitting
distribution shift      0.0400
validation overfitting  0.0100
= test error            0.1300

work first on variance (overfitting): it is the largest term; how much of that is chance, bare numbers cannot tell
next: python scripts/improve.py --irreducible 0.01 --train 0.03 --train-val 0.08 --test-val 0.12 --test 0.13
"""


def run(*words):
    return CliRunner().invoke(evaluate, [str(word) for word in words])


def test_stated_errors_as_a_script():
    done = subprocess.run(
        [sys.executable, "scripts/evaluate.py", *STATED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, "")


def test_the_next_command_is_called_as_this_one_was():
    done = CliRunner().invoke(main, ["evaluate", *STATED], prog_name="refkit")
    assert (done.exit_code, done.stdout) == (0, TEXT.replace("python scripts/improve.py", "refkit improve"))


def test_predictions_come_with_intervals_and_the_same_seed_says_the_same(tmp_path):
    file = write_csv(tmp_path / "a.csv", columns(RATES))
    done, again = (run(file, "--irreducible", 0.01) for _ in range(2))
    assert done.exit_code == 0 and done.stdout == again.stdout
    rows = {line.split("  ")[0]: line.split() for line in done.stdout.splitlines()}
    assert rows["train"][:3] == ["train", "400", "0.0200"] and rows["distribution shift"][2] == "0.2000"
    assert float(rows["distribution shift"][3]) > 0.14 and float(rows["distribution shift"][5]) < 0.26
    assert "work first on distribution shift: it is the largest term in 100% of the draws" in done.stdout
    assert done.stdout.splitlines()[-1] == f"next: python scripts/improve.py {file} --irreducible 0.01"


def test_what_is_missing_is_said(tmp_path):
    rates = {"train": 0.05, "val": 0.2, "test": 0.25}
    done = run(write_csv(tmp_path / "a.csv", columns(rates)))
    told = [line for line in done.stdout.splitlines() if line.startswith("cannot be told: ")]
    assert [line.split()[3] for line in told] == ["how", "a"]  # how much is avoidable, a distribution shift
    assert "work first on variance (overfitting)" in done.stdout


def test_the_known_result_of_a_data_set_is_irreducible(tmp_path):
    done = run(write_csv(tmp_path / "a.csv", columns(RATES)), "--data", "digits")
    assert (
        "note: irreducible is the best known: the baseline nearest-neighbours, on `digits`: accuracy 0.9889; "
        in done.stdout
    )
    assert ["irreducible", "0.0111"] in [line.split() for line in done.stdout.splitlines()]
    other = run(*STATED[2:], "--data", "cats")
    assert (
        "note: no irreducible error: no result is known on `cats`; there are some on `adding_problem`" in other.stdout
    )


def test_the_waterfall_is_a_picture(tmp_path):
    done = run(*STATED, "--plot", tmp_path / "w.png")
    assert f"picture: {tmp_path / 'w.png'}" in done.stdout
    from matplotlib import image

    assert len(np.unique(image.imread(tmp_path / "w.png")[..., :3].reshape(-1, 3), axis=0)) > 10


def test_bars_begin_where_the_one_before_ended(monkeypatch, tmp_path):
    from matplotlib.axes import Axes

    from refkit.evaluation import waterfall
    from refkit.evaluation.stated import of_errors

    bars, bar = [], Axes.bar
    monkeypatch.setattr(
        Axes, "bar", lambda self, x, y, bottom=0, **k: bars.append((bottom, y)) or bar(self, x, y, bottom=bottom, **k)
    )
    waterfall.draw(of_errors({"train": 0.3, "train_val": 0.5, "test": 0.4}, {}, 100, 0), tmp_path / "w.png")
    assert np.array(bars) == pytest.approx(np.array([(0, 0.3), (0.3, 0.2), (0.5, -0.1), (0, 0.4)]))


SENTENCES = {
    "": "there is nothing to evaluate: give a file of predictions (CSV, Parquet, .npz), errors such as `--train 0.03 --test "
    "0.13`, or a model with its data, such as `lenet --data digits`",
    "nowhere.csv": "`nowhere.csv` is not there: give a file of predictions (.csv, .parquet, .npz)",
    "a.csv --test 0.1": "`a.csv` and `--test` both say what the errors are; give one of them",
    "--train 0.97 --test 0.90": "`--train 0.97` and those after it look like scores, the higher the better, and errors are "
    "wanted: give 1 - 0.97 = 0.03, or say by `--metric` of which error they are",
    "--irreducible 0.99 --train 0.03 --test 0.1": "`--irreducible 0.99` is above every error and looks like an accuracy: give "
    "the error, 1 - 0.99 = 0.01",
    "--train 0.1": "one error cannot be decomposed: give two at least, such as `--train 0.03 --test 0.13`, and `--irreducible`",
    "--train nan --test 0.1": "`--train nan` is no error: give a number from 0 on, the lower the better",
    "--train -1 --test 0.1": "`--train -1` is no error: give a number from 0 on, the lower the better",
    "--val 0.1 --test-val 0.2": "`--val` stands for the only validation set: give `--train-val` and `--test-val` without it, or "
    "it alone",
    "--train 0.1 --test 0.2 --count val=9": "`--count val=9` has no error beside it: give `--val`",
    "--train 0.1 --test 0.2 --count test": "`--count test` is no split with its examples: write it as `--count test=10000`",
    "--train 5 --test 6 --count test=90": "`--count` gives shares of wrong answers an interval: other errors need the "
    "predictions",
    "my.py --data digits": "`my.py` is a model: say whose data it is to be evaluated on by `--reference`, such as `--reference "
    "lenet --data digits`",
    "lstm --data temporal_order": "on `temporal_order` the reference is trained on fresh sequences until it is solved, so there is no training error "
    "to decompose: give another `--data`, or predictions of your own",
}


@pytest.mark.parametrize("words", SENTENCES)
def test_bad_input_is_one_sentence(words):
    done = run(*words.split())
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"error: {SENTENCES[words]}\n")


@pytest.mark.parametrize("value", ["-0.1", "nan"])
def test_an_irreducible_error_that_is_none_is_one_sentence(tmp_path, value):
    done = run(write_csv(tmp_path / "a.csv", columns(RATES)), "--irreducible", value)
    assert done.exit_code == 2
    assert done.stderr == f"error: `--irreducible {value}` is no error: give a number from 0 on, the lower the better\n"


def test_options_of_a_reference_are_trained_with():
    done = run("mlp:dropout=0.9", "--epochs", 1)
    assert done.exit_code == 0 and done.stdout != run("mlp", "--epochs", 1).stdout.replace("mlp", "mlp:dropout=0.9")


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path):
    done = run(*STATED, "--plot", tmp_path / "no" / "w.png")
    assert done.exit_code == 2 and done.stderr == (
        f"error: `{tmp_path / 'no' / 'w.png'}` cannot be written: No such file or directory; give another `--plot`\n"
    )
    assert "= test error" in done.stdout  # what was computed is not lost
