"""Metrics that are means over examples: what each example adds, so that a draw of examples is a matter of counting."""

import dataclasses
from collections.abc import Callable

import numpy as np

Each = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Mean:
    """An error that is a mean.

    Args:
        each: of labels and answers, what every example adds: `f64[examples]`.
        after: of means, what the error is of them.
    """

    each: Each
    after: Callable[[np.ndarray], np.ndarray] = lambda means: means


def wrong(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return (label != prediction).astype(float)


def squared(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return (label - prediction) ** 2


def absolute(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.abs(label - prediction)


def of_label(label: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The score of each example's own class: of `f64[examples, classes]`, or of the second class of two alone."""
    if scores.shape[1] == 1:
        return np.where(label == 1, scores[:, 0], 1 - scores[:, 0])
    return np.take_along_axis(scores, label[:, None], axis=1)[:, 0]


def log_loss(label: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """In nats; a probability of 0 counts as the smallest that the type tells from none, as in scikit-learn."""
    smallest = np.finfo(scores.dtype).eps
    return -np.log(np.clip(of_label(label, scores), smallest, 1 - smallest))


ROOT = np.sqrt
MEANS = {
    "accuracy": Mean(wrong),
    "neg_mean_squared_error": Mean(squared),
    "neg_root_mean_squared_error": Mean(squared, ROOT),
    "neg_mean_absolute_error": Mean(absolute),
    "neg_log_loss": Mean(log_loss),
}
