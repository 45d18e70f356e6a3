"""How good answers are."""

import numpy as np


def accuracy(predictions: np.ndarray, labels: np.ndarray) -> float:
    """Share of the classes told right."""
    return float(np.mean(predictions == labels))


def share_wrong(predictions: np.ndarray, targets: np.ndarray, limit: float = 0.04) -> float:
    """Share of the numbers told that are off by more than `limit`."""
    return float(np.mean(np.abs(predictions - targets) > limit))


def root_mean_squared_error(predictions: np.ndarray, targets: np.ndarray) -> float:
    """In the unit of the targets."""
    return float(np.sqrt(np.mean((predictions - targets) ** 2)))
