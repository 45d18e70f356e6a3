"""The class that the training examples show most often."""

import numpy as np

from baselines.baseline import Baseline, Inputs, Predict, are_classes


def fit(inputs: Inputs, targets: np.ndarray) -> Predict:
    commonest = np.bincount(targets).argmax()
    return lambda parts: np.full(len(parts[0]), commonest)


MAJORITY = Baseline("majority", "The commonest class of the training examples, always.", fit, are_classes)
