"""Kinds of curve: what training on one held batch may look like, told apart by limits that runs have given."""

import math

import numpy as np
import pytest

from refkit.diagnosis.held.curves import KINDS, RIGHT, features, has_fallen, kind_of, stored
from refkit.diagnosis.held.floors import floor_at, floors, twice, unlearned
from refkit.edits.bugs import BUGS
from refkit.edits.catalogue import REFERENCES

STEPS = np.arange(400)
NOISE = np.random.default_rng(0).normal(size=400)
CURVES = {
    "falls": 2.3 * np.exp(-STEPS / 30),
    "falling": 2.3 * np.exp(-STEPS / 400),
    "settles": 0.3 + 2 * np.exp(-STEPS / 30),
    "goes-up": 2.3 * np.exp(STEPS / 100),
    "explodes": np.where(STEPS < 3, 2.3, 1e6),
    "oscillates": 2.3 + 0.7 * NOISE,
    "plateaus": 2.3 + 1e-4 * NOISE,
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told(kind):
    assert kind_of(features(CURVES[kind])) == kind


def test_what_is_not_finite_explodes_with_its_step():
    losses = np.array([2.3, 2.2, math.nan, 2.0])
    assert features(losses).broken == 2
    assert kind_of(features(losses)) == "explodes"
    assert kind_of(features(np.array([math.inf]))) == "explodes"


def test_a_loss_below_zero_goes_up():
    assert kind_of(features(-2.3 * np.exp(STEPS / 100))) == "goes-up"


def test_noise_on_a_loss_that_falls_is_no_alarm():
    assert kind_of(features(np.abs(CURVES["falls"] * (1 + 0.5 * NOISE)))) in RIGHT


def test_a_penalty_that_falls_away_does_not_hide_the_plateau_below_it():
    losses = 0.69 + 1300 * np.exp(-STEPS / 10)
    assert kind_of(features(losses)) == "falls"
    assert kind_of(features(losses, unlearned=0.69)) == "plateaus"


def test_enough_is_when_it_has_come_to_almost_nothing():
    assert has_fallen(CURVES["falls"])
    assert not has_fallen(CURVES["falls"][:20])
    assert not has_fallen(CURVES["plateaus"])


def test_the_floors_of_a_softmax_taken_twice():
    assert round(twice(10), 3) == 1.461
    assert round(twice(2), 3) == 0.313


def test_floors_of_classes_and_of_targets():
    labels = np.array([0, 0, 0, 1], np.int32)
    known = floors(labels, 10)
    assert floor_at(math.log(10), known).name == "chance"
    assert floor_at(0.5623, known).name == "labels"
    assert floor_at(1.461, known).name == "twice"
    assert floor_at(1.0, known) is None
    targets = np.array([[0.0], [1.0], [2.0]])
    assert floor_at(2 / 3, floors(targets, None)).name == "variance"
    assert unlearned(floors(targets, None)) == pytest.approx(2 / 3)


def test_wrong_answers_lie_one_above_the_floor_of_a_softmax_taken_twice():
    known = floors(np.arange(10, dtype=np.int32), 10)
    assert floor_at(1.461 + 0.15, known) is None
    assert floor_at(1.461 + 0.15, known, right=0.85).name == "twice"


def test_what_is_stored_is_of_the_catalogue():
    ids = {bug.id for bug in BUGS}
    assert {"mlp", "lenet", "lstm"} <= {row.reference for row in stored().signatures} <= set(REFERENCES)
    assert {row.id for row in stored().signatures} <= ids
    assert {row.kind for row in stored().signatures} <= set(KINDS)
    limits = stored().limits
    assert 0 < limits.fallen < limits.stuck < 1 < limits.leap
