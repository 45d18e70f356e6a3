"""Least squares."""

import numpy as np
from sklearn.linear_model import LinearRegression

from baselines.baseline import Baseline, Inputs, Predict, are_numbers
from baselines.rows import fit_rows


def fit(inputs: Inputs, targets: np.ndarray) -> Predict:
    to_rows = fit_rows(inputs)
    model = LinearRegression().fit(to_rows(inputs), targets)
    return lambda parts: model.predict(to_rows(parts))


LINEAR_REGRESSION = Baseline("linear-regression", "Least squares on all inputs.", fit, are_numbers)
