"""Changes that are really tried: a planted effect is found, none is invented, and what fails is said."""

import numpy as np
import pytest
from click.testing import CliRunner

from refkit.commands.improve import improve
from refkit.improvement import own_trials, reference_trials
from refkit.improvement.move import Move
from refkit.improvement.trial import Runs, Trial

OWN = """
import numpy as np
CONFIG = {"hidden": 8, "learning_rate": 0.1, "dropout": 0.0, "seed": 0}


def train(config):
    luck = np.random.default_rng([config["seed"], config["hidden"]]).normal(0, 0.01)
    return {"train": 0.05 + luck, "val": 0.3 + luck - 0.4 * config["dropout"]}
"""
DATACLASS = """
import dataclasses

@dataclasses.dataclass
class Config:
    lr: float = 0.1
    hidden: tuple = (4, 4)

def fit(config):
    return 0.9 - 1 / sum(config.hidden)
"""


def run(*words):
    return CliRunner().invoke(improve, [str(word) for word in words])


def rows_of(text: str) -> dict[str, str]:
    """The verdict of each change."""
    return {
        line.split("  ")[0].partition(": ")[2]: line for line in text.splitlines() if " → " in line and ": " in line
    }


def test_a_planted_effect_is_found_in_a_file_of_your_own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    done = run("--term", "overfitting", "--try", tmp_path / "own.py")
    assert done.exit_code == 0, done.stderr
    tried = done.stdout.split("tried on own.py:train: 3 seeds\n")[1]
    rows = rows_of(tried)
    assert rows["dropout=0.0 → 0.5"].endswith("better") and "-0.2 (" in rows["dropout=0.0 → 0.5"]
    assert rows["learning_rate=0.1 → 0.0333333"].endswith("no change")
    assert rows["hidden=8 → 4"].endswith("not told from chance")
    assert "next: take over dropout=0.0 → 0.5 (more regularisation), train it at full length" in tried


def test_scores_that_are_better_high_and_a_config_class(tmp_path):
    (tmp_path / "own.py").write_text(DATACLASS)
    bench = own_trials.own_bench(f"{tmp_path}/own.py:fit", 2, "higher", None)
    assert bench.fields == {"lr": 0.1, "hidden": (4, 4)}
    assert bench.errors({"hidden": (2, 2)}, 0)[1] == pytest.approx(1 - (0.9 - 1 / 4))
    assert "its configuration has no `seed`" in bench.how


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("x = 1", "`{file}` has no function `train`: write `train(config)`, which returns the validation error"),
        (
            "def train(config): return 1",
            "what `own.py:train` can be changed by is not said: give the file a dataclass `Config` or a dictionary `CONFIG`, "
            "with fields such as `learning_rate` and `hidden`",
        ),
        (
            "CONFIG = {'lr': 1.0}\ndef train(config): return 'good'",
            "`own.py:train` returned `str`: let it return the validation error as a number, or a dictionary with `train` and "
            "`val`",
        ),
        (
            "CONFIG = {'lr': 1.0}\ndef train(config): return float('nan')",
            "`own.py:train` returned nan: training diverges",
        ),
        ("CONFIG = {'lr': 1.0}\ndef train(config): 1 / 0", "`own.py:train` raises ZeroDivisionError: division by zero"),
        (
            "CONFIG = {'colour': 'red'}\ndef train(config): return 1",
            "the configuration of `{file}` has no field that this advice changes: name fields as the references do, such as "
            "`hidden`, `learning_rate`, `dropout`",
        ),
    ],
)
def test_a_file_that_cannot_be_tried_is_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "own.py"
    file.write_text(content)
    done = run("--term", "overfitting", "--try", file)
    assert (done.exit_code, done.stderr) == (2, f"error: {sentence.format(file=file)}\n")


def test_what_only_other_examples_mend_is_not_tried():
    done = run("--term", "shift", "--try", "mlp")
    assert done.exit_code == 2 and done.stderr == (
        "error: nothing in a configuration changes the distribution shift, so there is nothing to try: it takes other examples, "
        "as said above\n"
    )


def test_intervals_are_of_the_differences_of_the_seeds():
    luck = np.array([0.0, 0.1, 0.2])
    none = np.zeros(3)
    trial = Trial("", "", Runs(none, luck), Runs(none, luck - np.array([0.01, 0.02, 0.03])))
    mean, low, high = trial.change("held")
    assert mean == pytest.approx(-0.02) and (low, high) == pytest.approx((-0.02 - 0.024841, -0.02 + 0.024841), abs=1e-5)
    assert trial.verdict("held") == "not told from chance" and trial.verdict("train") == "no change"


@pytest.fixture(scope="module")
def bench():
    return reference_trials.bench_for("mlp", None, 2, 2)


def test_a_reference_is_really_trained_otherwise(bench):
    config = bench.config()
    assert config["hidden"] == (64,) and config["epochs"] == 2 and config["features"] == 30
    as_it_is = reference_trials.run_all(bench, Move())
    again = reference_trials.run_all(bench, Move())
    assert (as_it_is.held == again.held).all() and (as_it_is.train == again.train).all()
    faster = reference_trials.run_all(bench, Move(("learning_rate",), lambda rate: 10 * rate))
    assert (faster.train < as_it_is.train).all()  # two epochs at 3e-4 are too few
    dropped = reference_trials.run_all(bench, Move(options={"mlp": ("dropout", "0.9")}))
    assert (dropped.train != as_it_is.train).any()
    fewer = reference_trials.run_all(bench, Move(share=0.5))
    assert (fewer.train != as_it_is.train).any()


def test_no_test_example_is_used(bench, monkeypatch):
    import dataclasses

    make = bench.protocol.examples

    def without_test(seed):
        examples = make(seed)
        return dataclasses.replace(examples, test=tuple(array[:0] for array in examples.test))

    other = dataclasses.replace(bench, protocol=dataclasses.replace(bench.protocol, examples=without_test))
    assert (reference_trials.run_all(other, Move()).held == reference_trials.run_all(bench, Move()).held).all()


def test_the_whole_command_on_a_reference():
    done = run("--term", "underfitting", "--try", "mlp", "--epochs", 2, "--runs", 2)
    assert done.exit_code == 0, done.stderr
    tried = done.stdout.split("\n\n")[1].splitlines()
    assert tried[0] == (
        "tried on mlp, breast_cancer: 2 seeds, 2 epochs; one in five training examples held out, others for each seed, and none "
        "of the test examples used"
    )
    assert tried[2].split("  ")[0] == "tried" and len(tried) == 9 and tried[-1].startswith("next: ")
