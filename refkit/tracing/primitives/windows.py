"""Reductions over sliding windows, and their gradients."""

from itertools import product

import numpy as np

from refkit.tracing.primitives.padding import pad
from refkit.tracing.primitives.reduction import highest, lowest
from refkit.tracing.primitives.scalar_function import known_ufunc, scalar_function


def outgoing(size: int, window: int, stride: int, dilation: int) -> int:
    """How many windows fit."""
    return max(0, (size - (window - 1) * dilation - 1) // stride + 1)


def reduce_windows(x: np.ndarray, ufunc, windows, strides, dilations) -> np.ndarray:
    """Reduce the windows of a padded array, one axis after the other."""
    for axis, (window, stride, dilation) in enumerate(zip(windows, strides, dilations)):
        if window == 1 and stride == 1:
            continue
        before, count = (slice(None),) * axis, outgoing(x.shape[axis], window, stride, dilation)
        reach = max(0, (count - 1) * stride + 1) if count else 0
        result = x[(*before, slice(0, reach, stride))]
        for number in range(1, window):
            start = number * dilation
            part = x[(*before, slice(start, start + reach, stride))]
            result = ufunc(result, part, out=result if number > 1 else None)
        x = result
    return x


def window_elements(x: np.ndarray, windows, strides, dilations):
    """For each place in a window, row by row: the slices that hold it in all windows, and its values."""
    counts = [outgoing(*sizes) for sizes in zip(x.shape, windows, strides, dilations)]
    for place in product(*map(range, windows)):
        slices = tuple(
            slice(at * apart, at * apart + (count - 1) * stride + 1 if count else at * apart, stride)
            for at, apart, count, stride in zip(place, dilations, counts, strides)
        )
        yield slices, x[slices]


def _geometry(params, rank: int):
    ones = (1,) * rank
    base = params.get("base_dilation") or ones
    config = [(low, high, apart - 1) for (low, high), apart in zip(params["padding"], base)]
    return config, params["window_dimensions"], params["window_strides"], params.get("window_dilation") or ones


def _padded(x, value, config):
    return pad(x, value, config) if any(amount for triple in config for amount in triple) else x


def _windowed(ufunc, over_nothing):
    def rule(inputs, params, avals, wide):
        x = inputs[0]
        config, windows, strides, dilations = _geometry(params, x.ndim)
        return [reduce_windows(_padded(x, over_nothing(x.dtype), config), ufunc, windows, strides, dilations)]

    return rule


def _reduce_window(inputs, params, avals, wide):
    count = len(inputs) // 2
    operands, initial = inputs[:count], inputs[count:]
    config, windows, strides, dilations = _geometry(params, operands[0].ndim)
    padded = [_padded(x, value, config) for x, value in zip(operands, initial)]
    ufunc = known_ufunc(params["jaxpr"]) if count == 1 else None
    if ufunc is not None:
        return [ufunc(initial[0], reduce_windows(padded[0], ufunc, windows, strides, dilations))]
    function = scalar_function(params["jaxpr"], params["consts"], wide)
    result = [np.broadcast_to(value, aval.shape) for value, aval in zip(initial, avals)]
    for elements in zip(*(window_elements(x, windows, strides, dilations) for x in padded)):
        result = function(*result, *(values for _, values in elements))
    return result


COMPARISONS = {"ge": (np.greater_equal, lowest), "le": (np.less_equal, highest)}


def chosen(padded: np.ndarray, keeps, windows, strides, dilations) -> tuple[np.ndarray, np.ndarray]:
    """The element each window chooses and its place in the window; `keeps(best, next)` says where the best stays."""
    best = place = None
    for number, (_, values) in enumerate(window_elements(padded, windows, strides, dilations)):
        if best is None:
            best, place = values, np.zeros(values.shape, np.int32)
            continue
        replaced = ~keeps(best, values)
        best, place = np.where(replaced, values, best), np.where(replaced, np.int32(number), place)
    return best, place


def _select_and_gather_add(inputs, params, avals, wide):
    tangents, x = inputs
    config, windows, strides, dilations = _geometry(params, x.ndim)
    keeps, over_nothing = COMPARISONS[params["select_prim"].name]
    _, place = chosen(_padded(x, over_nothing(x.dtype), config), keeps, windows, strides, dilations)
    result = np.zeros(avals[0].shape, tangents.dtype)
    for number, (_, values) in enumerate(window_elements(_padded(tangents, 0, config), windows, strides, dilations)):
        result = np.where(place == number, values, result)
    return [result]


def scatter_chosen(x, source, keeps, outside, scatter, initial, params) -> np.ndarray:
    """Combine each element of `source` into the place of `x` that its window chooses."""
    config, windows, strides, dilations = _geometry(params, x.ndim)
    padded = _padded(x, outside, config)
    _, place = chosen(padded, keeps, windows, strides, dilations)
    total = np.full(padded.shape, initial, source.dtype)
    for number, (slices, values) in enumerate(window_elements(total, windows, strides, dilations)):
        total[slices] = np.where(place == number, scatter(values, source), values)
    return total[tuple(slice(low, low + size) for (low, _), size in zip(params["padding"], x.shape))]


def _select_and_scatter_add(inputs, params, avals, wide):
    source, x = inputs
    keeps, over_nothing = COMPARISONS[params["select_prim"].name]
    return [scatter_chosen(x, source, keeps, over_nothing(x.dtype), np.add, 0, params)]


def _select_and_scatter(inputs, params, avals, wide):
    x, source, initial = inputs
    select = scalar_function(params["select_jaxpr"], params["select_consts"], wide)
    scatter = scalar_function(params["scatter_jaxpr"], params["scatter_consts"], wide)
    low, high = (np.asarray(bound(x.dtype), x.dtype) for bound in (lowest, highest))
    outside = low if bool(select(high, low)[0]) else high
    return [
        scatter_chosen(x, source, lambda *xs: select(*xs)[0], outside, lambda *xs: scatter(*xs)[0], initial, params)
    ]


RULES = {
    "reduce_window": _reduce_window,
    "reduce_window_max": _windowed(np.maximum, lowest),
    "reduce_window_min": _windowed(np.minimum, highest),
    "reduce_window_sum": _windowed(np.add, lambda dtype: 0),
    "select_and_gather_add": _select_and_gather_add,
    "select_and_scatter": _select_and_scatter,
    "select_and_scatter_add": _select_and_scatter_add,
}
