"""Logistic regression."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from baselines.baseline import Baseline, Inputs, Predict, are_classes
from baselines.rows import fit_rows


def fit(inputs: Inputs, targets: np.ndarray) -> Predict:
    """With scikit-learn's penalty; 200 iterations are enough for a floor, converged or not.

    The matrices are so small that threads only wait for each other: with one, it is up to twenty times as fast.
    """
    to_rows = fit_rows(inputs)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=200).fit(to_rows(inputs), targets)
    return lambda parts: model.predict(to_rows(parts))


LOGISTIC_REGRESSION = Baseline("logistic-regression", "Logistic regression on all inputs.", fit, are_classes)
