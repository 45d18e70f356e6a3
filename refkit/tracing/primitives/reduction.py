"""Reductions over axes."""

import numpy as np

from refkit.tracing.primitives.scalar_function import known_ufunc, scalar_function


def lowest(dtype: np.dtype):
    """What is below everything: the value of a maximum over nothing."""
    if dtype.kind == "b":
        return False
    return -np.inf if dtype.kind in "fc" else np.iinfo(dtype).min


def highest(dtype: np.dtype):
    """What is above everything: the value of a minimum over nothing."""
    if dtype.kind == "b":
        return True
    return np.inf if dtype.kind in "fc" else np.iinfo(dtype).max


def _over_axes(ufunc):
    def rule(inputs, params, avals, wide):
        x = inputs[0]
        return [ufunc.reduce(x, axis=params["axes"], dtype=x.dtype)]

    return rule


def _extreme(ufunc, over_nothing):
    def rule(inputs, params, avals, wide):
        x = inputs[0]
        if x.size:
            return [ufunc.reduce(x, axis=params["axes"])]
        return [np.full(avals[0].shape, over_nothing(x.dtype), x.dtype)]

    return rule


def _position(find):
    def rule(inputs, params, avals, wide):
        return [find(inputs[0], axis=params["axes"][0]).astype(params["index_dtype"])]

    return rule


def _reduce(inputs, params, avals, wide):
    count = len(inputs) // 2
    operands, initial = inputs[:count], inputs[count:]
    closed, axes = params["jaxpr"], params["dimensions"]
    ufunc = known_ufunc(closed.jaxpr) if count == 1 else None
    if ufunc is not None:
        return [ufunc(initial[0], ufunc.reduce(operands[0], axis=axes, dtype=operands[0].dtype, initial=initial[0]))]
    function = scalar_function(closed.jaxpr, closed.consts, wide)
    kept = [axis for axis in range(operands[0].ndim) if axis not in axes]
    rows = [x.transpose(*axes, *kept).reshape(-1, *(x.shape[axis] for axis in kept)) for x in operands]
    result = [np.broadcast_to(value, aval.shape) for value, aval in zip(initial, avals)]
    for number in range(len(rows[0])):
        result = function(*result, *(row[number] for row in rows))
    return result


RULES = {
    "argmax": _position(np.argmax),
    "argmin": _position(np.argmin),
    "reduce": _reduce,
    "reduce_and": _over_axes(np.bitwise_and),
    "reduce_max": _extreme(np.maximum, lowest),
    "reduce_min": _extreme(np.minimum, highest),
    "reduce_or": _over_axes(np.bitwise_or),
    "reduce_prod": _over_axes(np.multiply),
    "reduce_sum": _over_axes(np.add),
    "reduce_xor": _over_axes(np.bitwise_xor),
}
