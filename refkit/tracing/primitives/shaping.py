"""Shapes: broadcasting, reshaping, transposing, counting up."""

from functools import lru_cache

import numpy as np

from refkit.tracing.primitives.storage import is_key, key_shape, storage

COPIED = 1024  # elements up to which filling a new array is faster than making a view


def _broadcast(inputs, params, avals, wide):
    x, aval = inputs[0], avals[0]
    shape, axes = aval.shape, params["broadcast_dimensions"]
    if is_key(aval):
        words = key_shape(aval)
        axes = (*axes, *range(len(shape), len(shape) + len(words)))
        shape = (*shape, *words)
    if x.shape == shape:
        return [x]
    if x.ndim:
        inner = [1] * len(shape)
        for axis, size in zip(axes, x.shape):
            inner[axis] = size
        x = x.reshape(inner)
        if x.shape == shape:
            return [x]
    size = 1
    for extent in shape:
        size *= extent
    if size > COPIED:
        return [np.broadcast_to(x, shape)]
    result = np.empty(shape, x.dtype)
    result[...] = x
    return [result]


def _reshape(inputs, params, avals, wide):
    x, aval = inputs[0], avals[0]
    if params.get("dimensions") is not None:
        x = x.transpose(*params["dimensions"], *range(len(params["dimensions"]), x.ndim))
    return [x.reshape(aval.shape + key_shape(aval))]


def _transpose(inputs, params, avals, wide):
    x, axes = inputs[0], params["permutation"]
    return [x.transpose(*axes, *range(len(axes), x.ndim)) if x.ndim > len(axes) else x.transpose(axes)]


def _reverse(inputs, params, avals, wide):
    return [np.flip(inputs[0], params["dimensions"])]


@lru_cache(maxsize=256)
def counted(shape: tuple[int, ...], axis: int, dtype: np.dtype) -> np.ndarray:
    """Positions along an axis, in a read-only array."""
    inner = [1] * len(shape)
    inner[axis] = shape[axis]
    return np.broadcast_to(np.arange(shape[axis]).astype(dtype).reshape(inner), shape)


def _iota(inputs, params, avals, wide):
    return [counted(avals[0].shape, params["dimension"], storage(avals[0].dtype, wide)[0])]


def _tile(inputs, params, avals, wide):
    reps = params["reps"]
    return [np.tile(inputs[0], (*reps, *(1,) * (inputs[0].ndim - len(reps))))]


RULES = {
    "broadcast_in_dim": _broadcast,
    "broadcast_to": lambda inputs, params, avals, wide: [np.broadcast_to(inputs[0], avals[0].shape)],
    "expand_dims": _reshape,
    "iota": _iota,
    "reshape": _reshape,
    "rev": _reverse,
    "squeeze": lambda inputs, params, avals, wide: [inputs[0].reshape(avals[0].shape + key_shape(avals[0]))],
    "tile": _tile,
    "transpose": _transpose,
}
