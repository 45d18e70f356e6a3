"""Every reference runs by itself, and beats its baselines by a stated margin."""

import re

import pytest

from baselines.floors import find_floors
from baselines.scores import accuracy, share_wrong
from refkit.references import lenet, lstm, mlp, multimodal
from tests.references.stand_alone import NAMES, run_alone

# How many passes are enough to be well above the baseline that the file prints, and by how much.
SHORT = {"mlp": (10, 0.2), "lenet": (4, 0.6), "lstm": (2, 0.6), "multimodal": (1, 0.1)}
# By how much the share told right is above each baseline's after the whole run. Breast cancer is as good as linear,
# and the nearest digits are as good as a network on 1,438 examples: there the network is only no worse than stated.
MARGINS = {
    "mlp": {"majority": 0.25, "logistic-regression": -0.03, "nearest-neighbours": -0.01},
    "lenet": {"majority": 0.85, "logistic-regression": 0.01, "nearest-neighbours": -0.02},
    "lstm": {"mean": 0.8, "linear-regression": 0.8, "nearest-neighbours": 0.7},
    "multimodal": {
        "majority": 0.7,
        "logistic-regression": 0.4,
        "nearest-neighbours": 0.6,
        "picture-alone": 0.7,
        "words-alone": 0.5,
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_runs_alone(name, tmp_path):
    run = run_alone(name, tmp_path, "--epochs", str(SHORT[name][0]))
    assert re.search(r"^Known result: .+", run.output, re.MULTILINE)
    assert run.score > run.floor + SHORT[name][1]
    assert [file.name for file in tmp_path.iterdir()] == [f"{name}.py"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_beats_every_baseline(name, tmp_path):
    score = run_alone(name, tmp_path).score
    floors = find_floors(*examples(name), lambda *told: 1 - share_wrong(*told) if name == "lstm" else accuracy(*told))
    assert floors.keys() == MARGINS[name].keys()
    assert {kind: margin for kind, margin in MARGINS[name].items() if score < floors[kind] + margin} == {}


def examples(name: str):
    """Inputs and targets to train on and to test on, as the file itself takes them."""
    if name == "multimodal":
        parts = multimodal.shapes_and_questions(10_000, seed=0), multimodal.shapes_and_questions(2_000, seed=1)
        return [(part[:-1], part[-1]) for part in parts]
    parts = {"mlp": mlp, "lenet": lenet, "lstm": lstm}[name].load_data()
    return [((x,), targets[:, 0] if name == "lstm" else targets) for x, targets in parts]
