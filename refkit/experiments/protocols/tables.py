"""Tables of numbers as the MLP takes them: standardised by the training rows alone."""

import numpy as np

from refkit.experiments.protocol import Examples
from refkit.references import mlp


def of_classes(x: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> Examples:
    """Rows of features `f32[rows, features]` and class ids `[rows]`."""
    parts = [(mlp.preprocess(x[rows], x[train]), labels[rows].astype(np.int32)) for rows in (train, test)]
    return Examples(*parts, floors=tuple(((x[rows],), labels[rows].astype(np.int32)) for rows in (train, test)))


def of_targets(x: np.ndarray, targets: np.ndarray, train: np.ndarray, test: np.ndarray) -> Examples:
    """Rows of features and numbers; targets are standardised, too, and their deviation is the examples' scale."""
    mean, deviation = float(targets[train].mean()), float(targets[train].std())
    scaled = ((targets - mean) / deviation).astype(np.float32)
    parts = [(mlp.preprocess(x[rows], x[train]), scaled[rows, None]) for rows in (train, test)]
    return Examples(*parts, floors=tuple(((x[rows],), scaled[rows]) for rows in (train, test)), scale=deviation)
