"""The statistics of known results, on samples whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refkit.results.statistics import envelope, equivalence, prediction_interval, summarise


def test_a_sample_is_summarised():
    found = summarise(np.array([1.0, 2.0, 3.0, 4.0, 10.0]))
    assert (found.count, found.mean, found.quantiles[0.5]) == (5, 4.0, 3.0)
    assert found.deviation == pytest.approx(3.5355339)


def test_nothing_cannot_be_summarised():
    with pytest.raises(ValueError, match="no seed"):
        summarise(np.array([]))


def test_a_prediction_interval_holds_the_share_that_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2_000):
        *known, another = rng.normal(3.0, 2.0, 8)
        low, high = prediction_interval(np.array(known), 0.9)
        inside += low <= another <= high
    assert inside / 2_000 == pytest.approx(0.9, abs=0.02)


def test_one_seed_predicts_nothing():
    assert prediction_interval(np.array([0.9])) == (-np.inf, np.inf)


@given(st.integers(2, 30), st.integers(0, 1_000))
def test_more_runs_are_predicted_more_narrowly(count, seed):
    known = np.random.default_rng(seed).normal(size=count)
    one, ten = (np.diff(prediction_interval(known, more=more))[0] for more in (1, 10))
    assert ten <= one


def test_an_envelope_is_taken_at_each_evaluation():
    curves = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    np.testing.assert_allclose(envelope(curves, (0.0, 0.5, 1.0)), [[0, 1], [1, 2], [2, 3]])


def test_equal_means_are_equivalent_only_with_enough_runs():
    rng = np.random.default_rng(1)
    known, few, many = rng.normal(0, 1, 50), rng.normal(0, 1, 3), rng.normal(0, 1, 200)
    assert equivalence(many, known, margin=0.5).equivalent
    assert not equivalence(few, known, margin=0.5).equivalent


def test_means_apart_by_more_than_the_margin_are_not_equivalent():
    rng = np.random.default_rng(2)
    assert not equivalence(rng.normal(1, 1, 500), rng.normal(0, 1, 500), margin=0.5).equivalent


def test_equivalence_is_where_the_interval_lies_within_the_margin():
    rng = np.random.default_rng(3)
    for shift in np.linspace(0, 1, 11):
        found = equivalence(rng.normal(shift, 1, 40), rng.normal(0, 1, 40), margin=0.6)
        assert found.equivalent == (-0.6 < found.low and found.high < 0.6)


def test_runs_without_any_spread_are_judged_by_their_difference():
    assert equivalence(np.full(3, 0.5), np.full(4, 0.5), margin=0.01).equivalent
    assert not equivalence(np.full(3, 0.6), np.full(4, 0.5), margin=0.01).equivalent


def test_one_run_is_too_few_for_equivalence():
    with pytest.raises(ValueError, match="two runs"):
        equivalence(np.array([1.0]), np.array([1.0, 2.0]), margin=1.0)
