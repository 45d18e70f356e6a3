"""What a metric sees of predictions: labels and answers of each stage, with the scores checked for what it needs."""

import dataclasses

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.cells import row_words
from refkit.evaluation.metric import DEFAULT, Metric, find_metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import IRREDUCIBLE

OF_PROBABILITIES = ("neg_log_loss", "neg_brier_score", "d2_log_loss_score", "d2_brier_score", "roc_auc_ov")
CLOSE = 1e-3  # to 1, for probabilities that were written with few digits


@dataclasses.dataclass(frozen=True)
class Part:
    """One stage.

    Args:
        label: `[examples]`.
        answer: predictions `[examples]` or scores `f64[examples, classes]`.
        unit: number of the example, the same in every part that has it, `i64[examples]`.
        classes: how many there are at all; 0 for regression.
    """

    label: np.ndarray
    answer: np.ndarray
    unit: np.ndarray
    classes: int

    def error(self, metric: Metric) -> float:
        return metric.error(self.label, self.answer, self.classes)

    def at(self, rows: np.ndarray) -> "Part":
        return Part(self.label[rows], self.answer[rows], self.unit[rows], self.classes)


def metric_for(predictions: Predictions, name: str | None) -> Metric:
    """The metric asked for, or accuracy of classes and the root mean squared error of numbers."""
    return find_metric(DEFAULT[not predictions.classes] if name is None else name)


def parts_of(predictions: Predictions, metric: Metric) -> dict[str, Part]:
    """Each split's part, and a human's answers as the irreducible one where there are some.

    Raises:
        RefkitError: the metric needs what the predictions have not.
    """
    answer = answers_for(predictions, metric)
    units = np.arange(len(predictions.label)) if predictions.id is None else predictions.id
    classes = len(predictions.classes)
    parts = {
        name: Part(predictions.label[rows], answer[rows], units[rows], classes)
        for name, rows in predictions.splits.items()
    }
    if predictions.human is not None:
        if metric.takes_scores:
            raise RefkitError(
                f"a human's answers have no scores, which `{metric.name}` needs: give a metric of predictions, or the "
                "human's error by `--irreducible`"
            )
        rows = np.flatnonzero(predictions.answered)
        parts[IRREDUCIBLE] = Part(predictions.label[rows], predictions.human[rows], units[rows], classes)
    return parts


def answers_for(predictions: Predictions, metric: Metric) -> np.ndarray:
    """Predictions or scores of every row, whichever the metric takes."""
    source, scores = predictions.source, predictions.scores
    if metric.regression and predictions.classes:
        raise RefkitError(f"`{metric.name}` is for numbers, and the labels of `{source}` are classes: give `accuracy`")
    if not metric.regression and not predictions.classes:
        raise RefkitError(
            f"`{metric.name}` is for classes, and the labels of `{source}` are numbers: give `neg_root_mean_squared_error`"
        )
    if not metric.takes_scores:
        if predictions.prediction is not None:
            return predictions.prediction
        return scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > threshold(scores)).astype(int)
    if scores is None:
        raise RefkitError(
            f"`{metric.name}` needs scores, and `{source}` has predictions alone: write a column of probabilities for each "
            "class, or give a metric of predictions, such as `accuracy`"
        )
    if metric.name.startswith(OF_PROBABILITIES):
        require_probabilities(scores, metric, predictions)
    return scores


def threshold(scores: np.ndarray) -> float:
    """Above which a single score means the second class: half for probabilities, 0 for scores of both signs."""
    return 0.5 if 0 <= scores.min() and scores.max() <= 1 else 0.0


def require_probabilities(scores: np.ndarray, metric: Metric, predictions: Predictions) -> None:
    bad = (scores < 0).any(axis=1) | (scores > 1).any(axis=1)
    if scores.shape[1] > 1:
        bad |= np.abs(scores.sum(axis=1) - 1) > CLOSE
    if bad.any():
        where = row_words(int(bad.argmax()), predictions.first_line)
        raise RefkitError(
            f"`{metric.name}` needs probabilities, and the scores of {where} in `{predictions.source}` do not lie in 0 to 1 "
            "or do not sum to 1: apply the softmax before you write them"
        )
