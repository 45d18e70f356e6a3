"""Padding at the edges and between elements, and its opposite, cropping."""

import numpy as np


def pad(x: np.ndarray, value, config) -> np.ndarray:
    """Put `x` into a larger (or, where amounts are negative, smaller) array filled with `value`.

    Args:
        x: the array.
        value: the filling, a scalar or an array of `x`'s trailing axes.
        config: `(low, high, interior)` for each leading axis of `x`.

    Returns:
        The padded array.

    Example:
        >>> pad(np.array([1, 2, 3]), 0, [(1, -1, 1)])
        array([0, 1, 0, 2, 0])
    """
    shape, source, target = list(x.shape), [], []
    for axis, (low, high, interior) in enumerate(config):
        size, step = x.shape[axis], interior + 1
        shape[axis] = low + high + (size + (size - 1) * interior if size else 0)
        first = 0 if low >= 0 else -(low // step)
        last = min(size, (shape[axis] - low - 1) // step + 1) if shape[axis] > 0 else 0
        last = max(last, first)
        source.append(slice(first, last))
        start = low + first * step
        target.append(slice(start, start + (last - first - 1) * step + 1, step) if last > first else slice(0, 0))
    result = np.full([max(extent, 0) for extent in shape], value, x.dtype)
    result[tuple(target)] = x[tuple(source)]
    return result


def _pad(inputs, params, avals, wide):
    return [pad(inputs[0], inputs[1], params["padding_config"])]


RULES = {"pad": _pad}
