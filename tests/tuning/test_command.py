"""The command `tune`: its sentences, its report, its pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MINE = """
SPACE = {"rate": (1e-4, 1.0, "log"), "units": [16, 32], "depth": (1, 3)}
METRIC = "loss"
def train(rate, units=16, depth=1):
    if rate > 0.5:
        return float("nan")
    if depth == 3:
        raise ValueError("too deep")
    return abs(rate - 0.01) * units
"""


def run(*words, **environment):
    command = [sys.executable, "scripts/tune.py", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, env=os.environ | environment)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("mpl",), "no reference is called `mpl`; give one of `mlp`, `lenet`, `lstm`, `multimodal`"),
        (
            ("mlp", "--data", "cats"),
            "`mlp` has no experiment on `cats`; it has them on `breast_cancer`, `digits_features/folds`",
        ),
        (("mlp", "--study", "a", "--storage", "b"), "`--study` and `--storage` exclude one another; give one of them"),
        (("mlp", "--set", "depth"), "`--set depth` sets nothing: write it as `--set name=value`"),
        (("absent.py",), "there is no file `absent.py`"),
        (
            ("mlp", "--storage", "nonsense"),
            "`--storage nonsense` is no storage: give it as `postgresql://user:password@host/name`",
        ),
        (
            ("mlp", "--storage", "postgresql://me:secret@there/db"),
            "`--storage postgresql://…@there/db` needs `psycopg`, which is not installed: install it with "
            "`pip install 'psycopg[binary]'`",
        ),
        (("mlp", "--trials", "0"), "invalid value for `--trials`: 0 is not in the range"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence):
    done = run(*words)
    assert done.returncode == 2 and done.stderr.lower().startswith(f"error: {sentence}".lower()), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout


def test_a_search_is_reported_whole_and_drawn(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    words = (tmp_path / "mine.py", "--study", tmp_path / "a.db", "--method", "grid")
    done = run(*words, "--trials", "30", "--plot", tmp_path / "pictures")
    assert done.returncode == 0 and not done.stderr, done.stderr
    name = os.path.relpath(tmp_path / "mine.py", ROOT)
    head, best, table, failed, sensitivity, pictures, following = done.stdout.strip().split("\n\n")
    assert head == f"{name}:train: loss, lower is better; 18 trials, 10 failed"
    assert best.splitlines()[1:] == ["  rate   0.01", "  units  16", "  depth  1"] or "depth  2" in best
    assert len(table.splitlines()) == 2 + 8 and table.splitlines()[1].split() == [
        "trial",
        "loss",
        "rate",
        "units",
        "depth",
    ]
    assert "ValueError: too deep" in failed and "`loss` is nan" in failed and failed.endswith("and 5 more")
    assert sensitivity.splitlines()[2].split()[::2] == ["rate", "nothing"] or "rate" in sensitivity
    assert [Path(line.strip()).name for line in pictures.splitlines()[1:]] == [
        "history.png",
        "slices.png",
        "importances.png",
    ]
    for line in pictures.splitlines()[1:]:
        assert Path(line.strip()).read_bytes().startswith(b"\x89PNG")
    assert following.startswith("next: take rate=0.01, units=16, depth=")
    again = run(*words, "--trials", "30", "--plot", tmp_path / "pictures")
    assert again.stdout == done.stdout  # nothing is left to be done, and the same is said


def test_a_trial_by_hand(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    words = (tmp_path / "mine.py", "--study", tmp_path / "a.db", "--set", "rate=0.02")
    done = run(*words)
    assert done.returncode == 0 and done.stdout.splitlines()[0] == "trial 0, by hand: loss 0.16", done.stderr
    done = run(*words, "--set", "depth=3")
    assert done.stdout.splitlines()[0] == "trial 1, by hand, failed: ValueError: too deep"
    done = run(*words, "--set", "depth=4")
    assert done.returncode == 2 and done.stderr == (
        "error: `--set depth=4` lies outside the search space `depth=1..3`: widen that by `--space`\n"
    )
    (tmp_path / "mine.py").write_text(MINE.replace("units=16", "units"))
    assert run(*words).stderr == (
        f"error: `{os.path.relpath(tmp_path / 'mine.py', ROOT)}:train` has no value of its own for `units`: give "
        "`--set units=...` as well, or `--method` to search the others\n"
    )


def test_no_trial_that_comes_to_its_end_is_status_1(tmp_path):
    (tmp_path / "mine.py").write_text("SPACE = {'x': (0.0, 1.0)}\nMETRIC = 'loss'\ndef train(x): return float('nan')")
    done = run(tmp_path / "mine.py", "--trials", "3", "--study", tmp_path / "a.db")
    assert done.returncode == 1 and done.stdout.strip().splitlines()[-1] == (
        "next: mend what made every trial fail (`loss` is nan), then search again in another study (`--study FILE`)"
    )


def test_a_best_trial_at_the_edge_asks_for_a_wider_range(tmp_path):
    text = "SPACE = {'x': (1.0, 3.0), 'y': (1, 9)}\nMETRIC = 'loss'\ndef train(x, y): return -x + y"
    (tmp_path / "mine.py").write_text(text)
    done = run(tmp_path / "mine.py", "--method", "grid", "--study", tmp_path / "a.db")
    assert done.stdout.strip().splitlines()[-1] == (
        "next: the best trial lies at the edge of its range: search again with `--space x=1..5` and `--space NAME` for each of "
        "the others, in another study (`--study FILE`)"
    )


def test_a_reference_is_tuned_and_its_own_values_come_first(tmp_path):
    words = ("mlp", "--epochs", "2", "--trials", "3", "--study", tmp_path / "a.db", "--set", "activation=tanh")
    done = run(*words, "--method", "coarse-to-fine", "--space", "learning_rate", "--space", "depth")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == (
        "mlp on breast_cancer: accuracy on 91 validation examples, cut from the training part, higher is better; 3 trials"
    )
    assert any(
        line.split()[0] == "0" and line.split()[2:] == ["0.0003", "1"]
        for line in done.stdout.splitlines()
        if line.startswith("      ")
    )
    other = run(*words, "--method", "random", "--space", "learning_rate")
    assert other.returncode == 2 and other.stderr == (
        f"error: the study `mlp on breast_cancer` in `{tmp_path / 'a.db'}` is of other parameters: it has `depth`, which this "
        "search has not; go on with what it has, or begin another by `--study FILE` or `--name NAME`\n"
    )


def test_a_study_lies_in_the_users_cache_by_default(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    done = run(tmp_path / "mine.py", "--trials", "2", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert [file.suffix for file in (tmp_path / "cache" / "refkit" / "studies").glob("*.db")] == [".db"]


def test_a_journal_is_a_storage_too(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    done = run(tmp_path / "mine.py", "--trials", "4", "--storage", f"journal:{tmp_path / 'study.log'}")
    assert done.returncode == 0 and "; 4 trials" in done.stdout, done.stderr
