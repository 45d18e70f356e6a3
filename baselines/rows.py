"""Inputs as rows of numbers, for models that take nothing else."""

from collections.abc import Callable

import numpy as np

from baselines.baseline import Inputs


def fit_rows(inputs: Inputs) -> Callable[[Inputs], np.ndarray]:
    """A function from inputs to `f64[batch, columns]`, its statistics taken from these inputs alone.

    Pictures are scaled to [0, 1], words become one column for each word at each place, and other numbers are
    standardised.

    >>> to_rows = fit_rows((np.array([[1.0], [3.0]]), np.array([[0, 2], [1, 0]])))
    >>> to_rows((np.array([[5.0]]), np.array([[1, 2]])))
    array([[3., 0., 1., 0., 0., 0., 1.]])
    """
    encoders = [_fit_encoder(part) for part in inputs]
    return lambda parts: np.concatenate([encode(part) for encode, part in zip(encoders, parts, strict=True)], axis=1)


def _fit_encoder(train: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    if train.dtype == np.uint8:
        return lambda part: part.reshape(len(part), -1) / 255
    if np.issubdtype(train.dtype, np.integer):
        known = np.arange(train.max() + 1)
        return lambda part: (part[..., None] == known).reshape(len(part), -1).astype(float)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return lambda part: ((part - mean) / np.where(deviation > 0, deviation, 1)).reshape(len(part), -1)
