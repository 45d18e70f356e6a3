"""Figures beside known ones, models beside data, and your step on batches of ours."""

import dataclasses

import numpy as np
import pytest

from refkit.diagnosis.results.fitting import as_references, completed, misfit
from refkit.diagnosis.results.judging import judge, margin_of
from refkit.diagnosis.results.ways import FirstSteps, like, places_among
from refkit.diagnosis.results.words import baseline_words, curve_words, known_words, more_trusted
from refkit.implementation import Input
from refkit.results.record import LOWER, READ, TIERS, Made, Metric, Published, Result, Run


def known(values, metric=Metric("accuracy"), curves=None, baselines=None, published=()):
    curves = curves if curves is not None else [()] * len(values)
    runs = {seed: Run(value, tuple(curve)) for seed, (value, curve) in enumerate(zip(values, curves))}
    at = tuple(10.0 * (k + 1) for k in range(len(curves[0])))
    made = Made("", "", "", {}, "")
    return Result("mlp", "set", "", metric, ("epochs", at), runs, baselines or {}, published, made)


RMSE = Metric("RMSE", LOWER)


@pytest.mark.parametrize(
    "values, metric, margin",
    [
        ((0.98, 0.98), Metric("accuracy"), 0.005),
        ((0.9, 1.0), Metric("accuracy"), np.std((0.9, 1.0), ddof=1)),
        ((0.98,), Metric("share wrong", LOWER), 0.005),
        ((4.0, 4.0), RMSE, 0.2),
        ((1.4, 1.4), Metric("cross-entropy", LOWER, "nats"), 0.07),
    ],
)
def test_the_margin(values, metric, margin):
    assert margin_of(known(values, metric)) == pytest.approx(margin)


KINDS = {
    "inside": ((3.05,), "within"),
    "lower is better": ((2.0,), "better"),
    "higher is worse": ((4.0,), "worse"),
    "as bad as the mean": ((5.0,), "nothing"),
    "not a number": ((float("nan"),), "nothing"),
    "several the same": ((3.0, 3.02, 2.99, 3.01), "equivalent"),
    "several far apart": ((2.6, 3.5), "undecided"),
    "several worse": ((3.9, 4.0), "worse"),
}


@pytest.mark.parametrize("name", KINDS)
def test_figures_of_a_metric_that_is_to_be_low(name):
    values, kind = KINDS[name]
    found = judge(np.array(values), known((3.0, 3.1, 2.9, 3.0, 3.05), RMSE, baselines={"mean": 5.0}))
    assert found.kind == kind, found


def test_the_same_figure_for_every_seed_leaves_room_for_less_than_counts():
    never_wrong = known((0.0, 0.0, 0.0), Metric("share wrong", LOWER))
    assert judge(np.array([0.0]), never_wrong).kind == "within"
    assert judge(np.array([0.001]), never_wrong).kind == "within"
    assert judge(np.array([0.02]), never_wrong).kind == "worse"


@pytest.mark.filterwarnings("error")
def test_figures_that_are_all_the_same():
    assert judge(np.array([3.0, 3.0]), known((3.0, 3.1, 2.9, 3.0, 3.05), RMSE)).kind == "equivalent"


def test_one_known_seed_is_no_interval():
    found = judge(np.array([0.5]), known((0.9,), baselines={"majority": 0.3}))
    assert found.kind == "undecided" and "one known seed gives no interval" in found.words


def test_never_not_significantly_different():
    words = [judge(np.array(values), known((3.0, 3.1, 2.9), RMSE)).words for values, _ in KINDS.values()]
    assert not any("significant" in said for said in words)


CURVES = [(0.5, 0.7, 0.8), (0.6, 0.8, 0.9)]


@pytest.mark.parametrize(
    "curve, words",
    [
        ((0.55, 0.75, 0.85), "is inside"),
        ((0.2, 0.75, 0.85), "ends inside the known ones' (5 to 95 %), where it is since 20 epochs"),
        ((0.55, 0.5, 0.6), "is below the known ones' (5 to 95 %) from 20 epochs on"),
        ((0.9, 0.5, 0.6), "is below the known ones' (5 to 95 %) from 20 epochs on"),
        ((0.55, 0.75, 0.99), "is above the known ones' (5 to 95 %) from 30 epochs on, which is better"),
        ((0.5050001, 0.7, 0.8050001), "ends inside"),
    ],
)
def test_a_curve_beside_the_known_ones(curve, words):
    assert words in curve_words(np.array([curve]), known((0.8, 0.9), curves=CURVES))


def test_a_curve_of_another_length_is_not_compared():
    assert curve_words(np.array([(0.5, 0.6)]), known((0.8, 0.9), curves=CURVES)) == ""


def test_every_baseline_is_in_the_words():
    result = known((0.8, 0.82), baselines={"majority": 0.5, "knn": 0.7, "logistic": 0.95})
    assert baseline_words(0.75, result) == "a simpler baseline does better, logistic (0.95), also than the reference"
    assert baseline_words(0.96, result) == "better than every baseline"


def test_the_tier_is_said_and_what_would_be_better():
    figure = lambda name, tier: Published(name, 0.99, "there", READ, TIERS[tier])
    result = known((0.8, 0.9), published=(figure("similar", 5), figure("paper", 3), figure("official", 1)))
    assert more_trusted(result).name == "official"
    assert TIERS[4] in known_words(result) and TIERS[1] in known_words(result)
    assert "no published figure of a higher tier" in known_words(dataclasses.replace(result, published=()))


X = Input("x", "features", (30,))
SEQUENCE = Input("x", "sequence", (5, 2))
LENGTHS = Input("lengths", "lengths", (), "int32", 5)
TOKENS = Input("x", "tokens", (5,), "int32", 24)
CLASSES = np.array([0, 1, 1], np.int32)
NUMBERS = np.zeros((3, 1), np.float32)


@pytest.mark.parametrize(
    "records, outputs, dtype, arrays, words",
    [
        ((X,), (2,), "int32", (np.zeros((3, 30), np.float32), CLASSES), ""),
        ((X,), (), "int32", (np.zeros((3, 30), np.float32), CLASSES), ""),
        ((X,), (1,), "", (np.zeros((3, 30), np.float32), CLASSES), ""),
        (
            (X,),
            (3,),
            "",
            (np.zeros((3, 30), np.float32), CLASSES),
            "gives f32[3] for an example, and `set` wants f32[2]",
        ),
        (
            (X,),
            (1,),
            "float32",
            (np.zeros((3, 30), np.float32), CLASSES),
            "your loss takes targets, and `set` has class",
        ),
        ((X,), (2,), "", (np.zeros((3, 4), np.float32), CLASSES), "takes f32[30] for an example, and `set` has f32[4]"),
        ((SEQUENCE,), (), "float32", (np.zeros((3, 20, 2), np.float32), NUMBERS), ""),
        ((SEQUENCE, LENGTHS), (1,), "", (np.zeros((3, 20, 2), np.float32), NUMBERS), ""),
        ((TOKENS,), (1,), "", (np.zeros((3, 20, 2), np.float32), NUMBERS), "takes i32[time] of 24 ids for an example"),
        ((TOKENS,), (2,), "", (np.full((3, 9), 40, np.int32), CLASSES), "too few ids"),
        ((TOKENS,), (5, 2), "", (np.zeros((3, 9), np.int32), np.ones((3, 9), np.int32)), ""),
    ],
)
def test_models_beside_data(records, outputs, dtype, arrays, words):
    why = misfit(records, outputs, dtype, arrays, "set")
    assert words in why and bool(words) == bool(why)


def test_lengths_are_as_long_as_the_sequences():
    x, lengths = completed((SEQUENCE, LENGTHS), (np.zeros((3, 20, 2), np.float32),))
    assert lengths.tolist() == [20, 20, 20]


def test_outputs_in_the_references_form():
    assert as_references(np.array([-1.0, 2.0, 0.5]), CLASSES).argmax(axis=-1).tolist() == [0, 1, 1]
    assert as_references(np.array([[0.1], [0.9], [0.6]]), CLASSES).argmax(axis=-1).tolist() == [0, 1, 1]
    shares = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    np.testing.assert_allclose(np.exp(as_references(shares, CLASSES)), shares)
    assert as_references(np.zeros(3), NUMBERS).shape == (3, 1)


def test_the_places_of_what_a_step_is_handed():
    x, labels = np.zeros((8, 30), np.float32), np.zeros(8, np.int32)
    assert places_among([labels, x], (X,)) == [1, 0]
    for others in ([x], [x, labels, labels], [labels]):
        with pytest.raises(LookupError):
            places_among(others, (X,))


def test_labels_in_the_form_of_a_step():
    one_hot = np.eye(2, dtype=np.float32)[CLASSES]
    assert like(one_hot, CLASSES).tolist() == one_hot.tolist()
    assert like(NUMBERS, CLASSES).shape == (3, 1)
    assert like(np.zeros(3, np.float32), NUMBERS).shape == (3,)
    assert like(CLASSES, CLASSES).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    "gap, pace, same, slow", [(0.0, 1.0, True, False), (0.7, 0.3, False, True), (1.0, 1e-6, False, False)]
)
def test_first_steps(gap, pace, same, slow):
    steps = FirstSteps(gap, pace)
    assert (steps.same, steps.slow) == (same, slow)
