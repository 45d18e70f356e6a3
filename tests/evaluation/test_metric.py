"""Metrics as errors: the short ways beside scikit-learn's own."""

import numpy as np
import pytest
from sklearn.metrics import get_scorer_names

from refkit.errors import RefkitError
from refkit.evaluation.answers import Part, parts_of
from refkit.evaluation.means import MEANS
from refkit.evaluation.metric import find_metric
from refkit.evaluation.predictions import Predictions

ROWS = 200


def made(regression: bool, classes: int = 2) -> Predictions:
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "test"], ROWS // 2)
    if regression:
        label = rng.uniform(1, 3, ROWS)
        return Predictions("made", split, label, label + rng.uniform(0, 1, ROWS))
    label = rng.integers(0, classes, ROWS)
    scores = rng.random((ROWS, classes))
    scores[np.arange(ROWS), label] += 0.5
    scores /= scores.sum(axis=1, keepdims=True)
    return Predictions("made", split, label, scores.argmax(axis=1), scores, tuple(range(classes)))


@pytest.mark.parametrize("name", get_scorer_names())
def test_every_metric_of_scikit_learn_works_or_says_why_not(name):
    try:
        metric = find_metric(name)
    except RefkitError as error:
        assert "has no best score to measure an error from" in str(error)
        return
    part = parts_of(made(metric.regression), metric)["test"]
    error = part.error(metric)
    assert np.isfinite(error)
    right = part.label if not metric.takes_scores else np.eye(2)[part.label]
    best = Part(part.label, right.astype(float) if metric.regression else right, part.unit, part.classes).error(metric)
    assert best <= error and best == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("classes", [2, 5])
def test_a_mean_over_examples_is_the_metric(name, classes):
    metric = find_metric(name)
    part = parts_of(made(metric.regression, classes), metric)["train"]
    assert metric.mean.after(metric.mean.each(part.label, part.answer).mean()) == pytest.approx(
        part.error(metric), rel=1e-12
    )


def test_a_certain_wrong_answer_costs_what_scikit_learn_says():
    metric = find_metric("log_loss")
    part = Part(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]), np.arange(2), 2)
    assert metric.mean.each(part.label, part.answer).mean() == pytest.approx(part.error(metric), rel=1e-12)


def test_names_without_neg_are_known_and_near_ones_are_offered():
    assert find_metric("root_mean_squared_error").name == "neg_root_mean_squared_error"
    with pytest.raises(RefkitError) as raised:
        find_metric("acuracy")
    assert str(raised.value).startswith("scikit-learn has no metric `acuracy`: did you mean `accuracy`")


def test_a_metric_of_two_classes_names_the_one_for_more():
    metric = find_metric("f1")
    part = parts_of(made(False, 3), metric)["test"]
    with pytest.raises(RefkitError, match=r"^`f1` cannot be computed of 3 classes: .*; try `f1_macro`$"):
        part.error(metric)
