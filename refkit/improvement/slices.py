"""Error by slice of every column, on the two validation sets side by side, and what fixing each would win: the guide's
table of error types."""

import dataclasses

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.answers import Part, answers_for
from refkit.evaluation.cells import missing
from refkit.evaluation.metric import Metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import TEST_VAL, TRAIN_VAL, VAL

VALUES = 12  # different ones, up to which a column of numbers is taken as kinds
MOST = 40  # different ones, from which a column of words tells examples apart rather than kinds
QUARTERS = 4


@dataclasses.dataclass(frozen=True)
class Slice:
    """Examples of one kind.

    Args:
        column: whose value they share.
        value: in words.
        counts: examples in each set.
        errors: of these examples alone; NaN where the metric is not defined on them.
        wins: by how much the set's error falls if these are all answered rightly.
    """

    column: str
    value: str
    counts: dict[str, int]
    errors: dict[str, float]
    wins: dict[str, float]


def validation_sets(predictions: Predictions) -> list[str]:
    """The two sets to put side by side, the one that is nearer to the test last."""
    having = predictions.splits
    return [name for name in (TRAIN_VAL, VAL, TEST_VAL) if name in having]


def slices(predictions: Predictions, metric: Metric) -> list[Slice]:
    """Every slice of every column, the greatest win first; the label is a column, too, where it is a class."""
    sets = {name: predictions.splits[name] for name in validation_sets(predictions)}
    answer = answers_for(predictions, metric)
    columns = dict(predictions.columns)
    if predictions.classes:
        columns = {
            "label": np.array([str(value) for value in predictions.classes], object)[predictions.label]
        } | columns
    rows = np.concatenate(list(sets.values())) if sets else np.array([], int)
    found = []
    for name, column in columns.items():
        for value, chosen in kinds(column, rows):
            found.append(measure(name, value, chosen, sets, predictions, answer, metric))
    last = list(sets)[-1] if sets else ""
    return sorted(found, key=lambda one: (-one.wins[last], one.column, one.value))


def kinds(column: np.ndarray, rows: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Values, or ranges of numbers, with the rows that have them: `bool[all rows]`; none where they tell no kinds."""
    empty = missing(column)
    inside = column[rows][~empty[rows]]
    if not len(inside):
        return []
    numbers = column.dtype.kind in "iuf"
    if numbers and len(np.unique(inside)) > VALUES:
        edges = np.unique(np.quantile(inside, np.linspace(0, 1, QUARTERS + 1)))
        found = []
        for low, high in zip(edges, edges[1:]):
            last = high == edges[-1]
            said = f"{low:.4g} to {high:.4g}" if last else f"{low:.4g} to below {high:.4g}"
            with np.errstate(invalid="ignore"):
                found.append((said, (column >= low) & ((column <= high) if last else (column < high)) & ~empty))
    else:
        words = column if not numbers and column.dtype.kind != "O" else np.where(empty, None, column)
        values = sorted(set(inside.tolist()), key=str)
        if len(values) > MOST or len(values) < 2 and not empty[rows].any():
            return []
        found = [(shown(value), np.asarray(words == value, bool) & ~empty) for value in values]
    if empty[rows].any():
        found.append(("(empty)", empty))
    return found


def shown(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def measure(column: str, value: str, chosen, sets, predictions: Predictions, answer, metric: Metric) -> Slice:
    counts, errors, wins = {}, {}, {}
    classes = len(predictions.classes)
    for name, rows in sets.items():
        inside = chosen[rows]
        counts[name] = int(inside.sum())
        whole = Part(predictions.label[rows], answer[rows], rows, classes)
        errors[name], wins[name] = float("nan"), 0.0
        if not counts[name]:
            continue
        try:
            errors[name] = whole.at(np.flatnonzero(inside)).error(metric)
        except RefkitError:
            pass  # such as ROC AUC of one class
        mended = whole.answer.astype(float) if metric.takes_scores or not classes else whole.answer.copy()
        mended[inside] = perfect(whole.label[inside], answer, classes)
        wins[name] = whole.error(metric) - Part(whole.label, mended, rows, classes).error(metric)
    return Slice(column, value, counts, errors, wins)


def perfect(label: np.ndarray, answer: np.ndarray, classes: int) -> np.ndarray:
    """The right answers in the form of the ones given."""
    if answer.ndim == 1:
        return label
    if answer.shape[1] == 1:
        return np.where(label[:, None] == 1, max(1.0, float(answer.max())), min(0.0, float(answer.min())))
    return np.eye(classes)[label]
