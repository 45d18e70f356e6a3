"""Sorting, and the largest few."""

import numpy as np


def _sort(inputs, params, avals, wide):
    axis, keys = params["dimension"], params["num_keys"]
    if len(inputs) == 1:
        return [np.sort(inputs[0], axis=axis, kind="stable")]
    if keys == 1:
        order = np.argsort(inputs[0], axis=axis, kind="stable")
    else:
        order = np.lexsort(inputs[keys - 1 :: -1], axis=axis)
    return [np.take_along_axis(x, order, axis) for x in inputs]


def largest(x: np.ndarray, k: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` largest values along an axis and their places; of equal ones the first, and NaN above all."""
    order = np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
    order = x.shape[axis] - 1 - order.take(range(k), axis)
    return np.take_along_axis(x, order, axis), order


def _top_k(inputs, params, avals, wide):
    values, places = largest(inputs[0], params["k"], params.get("axis", inputs[0].ndim - 1))
    return [values, places.astype(np.int32)]


def _approx_top_k(inputs, params, avals, wide):
    x, sign = inputs[0], 1 if params["is_max_k"] else -1
    values, places = largest(sign * x, params["k"], params["reduction_dimension"])
    return [sign * values, places.astype(np.int32)]


RULES = {"approx_top_k": _approx_top_k, "sort": _sort, "top_k": _top_k}
