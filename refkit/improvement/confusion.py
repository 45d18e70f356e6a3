"""Which class is taken for which."""

import numpy as np

from refkit.evaluation.answers import answers_for
from refkit.evaluation.metric import find_metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.telling import aligned

WHOLE = 12  # classes, up to which the matrix is shown
PAIRS = 10


def tell(predictions: Predictions, split: str) -> str:
    """The confusion matrix of a split, labels down and predictions across, or its most frequent confusions.

    Args:
        split: one that the predictions have.
    """
    from sklearn.metrics import confusion_matrix

    rows = predictions.splits[split]
    predicted = answers_for(predictions, find_metric("accuracy"))[rows]
    names = [str(value) for value in predictions.classes]
    matrix = confusion_matrix(predictions.label[rows], predicted, labels=np.arange(len(names)))
    lines = [f"confusion on {split}, labels down and predictions across"]
    if len(names) <= WHOLE:
        table = [("", *names), *((name, *map(str, row)) for name, row in zip(names, matrix.tolist()))]
        return "\n".join(lines + aligned(table))
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    places = [np.unravel_index(place, wrong.shape) for place in order if wrong.flat[place]]
    lines[0] = f"most frequent confusions on {split}"
    return "\n".join(lines + aligned([(names[a], f"taken for {names[b]}", str(wrong[a, b])) for a, b in places]))
