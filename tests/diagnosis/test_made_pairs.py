"""Examples that a program makes itself, followed to its step and its score."""

import types

import numpy as np
import pytest

from refkit.diagnosis.data.made_pairs import of_pairs
from refkit.diagnosis.data.situation import Situation
from refkit.implementation import Input

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(400, 6, 2)).astype(np.float32)
TARGETS = INPUTS.sum(axis=(1, 2))[:, None]
SOURCE = "step(x, y)\naccuracy(params, test_x, test_y)\nevaluate(params, x_train, y_train)\n"


def call(kind, rows, labels, line):
    return types.SimpleNamespace(kind=kind, arrays=[("x", INPUTS[rows]), ("y", TARGETS[labels])], line=line)


def symptoms(steps, scores):
    situation = Situation("lstm", (Input("x", "sequence", (6, 2), "float32", 0),), 1, True, "net.py", SOURCE)
    made = [[("x", INPUTS[:300]), ("y", TARGETS[:300])], [("x", INPUTS[300:]), ("y", TARGETS[300:])]]
    return of_pairs(types.SimpleNamespace(made=made, calls=[*steps, *scores]), steps, situation, [])


ROWS = np.arange(300)
STEPS = [call("step", part, part, 1) for part in np.split(GENERATOR.permutation(ROWS), 6)]


@pytest.mark.parametrize("rows, line", [(np.arange(300, 400), 2), (ROWS[:100], 3)])
def test_right_ones(rows, line):
    assert not symptoms(STEPS, [call("score", rows, rows, line)])


def test_labels_of_others():
    steps = [call("step", part, np.sort(part), 1) for part in np.split(GENERATOR.permutation(ROWS), 6)]
    (symptom,) = symptoms(steps, [])
    assert (symptom.kind, symptom.line) == ("labels apart", 1)


@pytest.mark.parametrize("rows, line", [(ROWS[:100], 2), (np.arange(250, 350), 3)])
def test_held_out_examples_that_were_trained_on(rows, line):
    (symptom,) = symptoms(STEPS, [call("score", rows, rows, line)])
    assert symptom.kind == "overlap"
