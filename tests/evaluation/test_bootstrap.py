"""Draws of examples: the short ways draw what plain resampling draws, and shared examples are drawn together."""

import dataclasses

import numpy as np
import pytest

from refkit.evaluation.answers import Part, parts_of
from refkit.evaluation.bootstrap import draw_errors, interval
from refkit.evaluation.metric import find_metric
from tests.evaluation.test_metric import made

DRAWS = 1500


def plain(part: Part, metric) -> np.ndarray:
    rng, count = np.random.default_rng(5), len(part.label)
    return np.array([part.at(rng.integers(0, count, count)).error(metric) for _ in range(DRAWS)])


@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", "neg_log_loss", "neg_root_mean_squared_error", "neg_mean_absolute_error"]
)
def test_short_ways_draw_what_plain_resampling_draws(name):
    metric = find_metric(name)
    part = parts_of(made(metric.regression, 4), metric)["test"]
    short, long = draw_errors({"test": part}, metric, DRAWS, 0)["test"], plain(part, metric)
    spread = long.std()
    assert short.mean() == pytest.approx(long.mean(), abs=0.15 * spread)
    assert short.std() == pytest.approx(spread, rel=0.1)
    assert interval(short) == pytest.approx(interval(long), abs=0.35 * spread)


@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "neg_median_absolute_error", "roc_auc", "neg_max_error"])
def test_the_same_seed_draws_the_same(name):
    metric = find_metric(name)
    parts = parts_of(made(metric.regression), metric)
    first, again = (draw_errors(parts, metric, 100, 3) for _ in range(2))
    assert all((first[part] == again[part]).all() for part in parts) and first["test"].std() > 0


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "neg_log_loss"])
def test_examples_in_two_splits_are_drawn_together(name):
    metric = find_metric(name)
    parts = parts_of(made(False, 3), metric)
    twin = dataclasses.replace(parts["test"])
    drawn = draw_errors({"train": parts["train"], "test_val": parts["test"], "test": twin}, metric, 50, 0)
    assert (drawn["test"] == drawn["test_val"]).all() and drawn["test"].std() > 0
    apart = dataclasses.replace(twin, unit=twin.unit + 10_000)
    drawn = draw_errors({"test_val": parts["test"], "test": apart}, metric, 50, 0)
    assert (drawn["test"] != drawn["test_val"]).any()


def test_rows_of_one_example_count_as_one():
    """Ten rows of each example tell no more than one: the interval is that of the examples, not of the rows."""
    metric = find_metric("accuracy")
    part = parts_of(made(False, 3), metric)["test"]
    rows = np.repeat(np.arange(len(part.label)), 10)
    once, tenfold = (draw_errors({"test": one}, metric, DRAWS, 0)["test"].std() for one in (part, part.at(rows)))
    assert tenfold == pytest.approx(once, rel=0.1)


def test_no_wrong_answer_is_no_certainty():
    part = Part(np.arange(50) % 2, np.arange(50) % 2, np.arange(50), 2)
    low, high = interval(draw_errors({"test": part}, find_metric("accuracy"), DRAWS, 0)["test"])
    assert low < 0.001 and 0.02 < high < 0.08  # 3 / 50 by the rule of three
