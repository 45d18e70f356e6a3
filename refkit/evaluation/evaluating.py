"""Predictions to stages: the errors of every split, with their draws."""

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.answers import Part, parts_of
from refkit.evaluation.bootstrap import draw_errors
from refkit.evaluation.decomposition import Decomposition, Stage, in_order
from refkit.evaluation.metric import Metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import IRREDUCIBLE
from refkit.evaluation.stated import require_below

DRAWS = 1000
RANKED = ("roc_auc", "average_precision")  # of a score in the wrong direction these are worse than chance


def evaluate_predictions(
    predictions: Predictions, metric: Metric, irreducible: float | None = None, draws: int = DRAWS, seed: int = 0
) -> Decomposition:
    """Decompose the error of the last split.

    Args:
        irreducible: a stated error; a human's answers among the predictions give it otherwise.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        RefkitError: the metric cannot be computed of these, or runs the wrong way round.
    """
    if irreducible is not None and not 0 <= irreducible < np.inf:
        raise RefkitError(f"`--irreducible {irreducible:g}` is no error: give a number from 0 on, the lower the better")
    parts = parts_of(predictions, metric)
    if irreducible is not None and IRREDUCIBLE in parts:
        raise RefkitError("`--irreducible` and `--human` both say what cannot be reduced; give one of them")
    errors = {name: error_of(part, name, metric, predictions) for name, part in parts.items()}
    splits = [error for name, error in errors.items() if name != IRREDUCIBLE]
    require_below(irreducible, splits)
    if metric.name == "roc_auc" and min(splits) > 0.5:
        classes = [str(value) for value in predictions.classes]
        raise RefkitError(
            f"the scores run the wrong way round: their ROC AUC is {1 - min(splits):.3g} at best, where guessing gives 0.5; "
            f"write scores that are high for `{classes[-1]}`, or 1 minus them"
        )
    drawn = draw_errors(parts, metric, draws, seed)
    stages = [Stage(name, errors[name], examples_of(part), drawn[name]) for name, part in parts.items()]
    if irreducible is not None:
        stages.append(Stage(IRREDUCIBLE, irreducible))
    return Decomposition(in_order(stages), metric.unit)


def error_of(part: Part, name: str, metric: Metric, predictions: Predictions) -> float:
    """The error of a part.

    Raises:
        RefkitError: the metric is not defined on it, with what it lacks.
    """
    try:
        return part.error(metric)
    except RefkitError as error:
        if part.classes and len(np.unique(part.label)) == 1:
            raise RefkitError(
                f"every label of split `{name}` is `{predictions.shown(part.label[0])}`, and `{metric.name}` is not defined on "
                "one class: give that split examples of others, or another `--metric`"
            ) from error
        raise


def examples_of(part: Part) -> int:
    return int(np.count_nonzero(np.bincount(part.unit)))


def shared_examples(predictions: Predictions) -> dict[tuple[str, str], int]:
    """How many examples two splits have in common, where an `id` tells: of cross-validation, or a leak."""
    if predictions.id is None:
        return {}
    ids = {name: np.unique(predictions.id[rows]) for name, rows in predictions.splits.items()}
    names = list(ids)
    counts = {
        (first, second): len(np.intersect1d(ids[first], ids[second], assume_unique=True))
        for k, first in enumerate(names)
        for second in names[k + 1 :]
    }
    return {pair: count for pair, count in counts.items() if count}
