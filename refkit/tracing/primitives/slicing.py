"""Slices at fixed and at computed places."""

import numpy as np


def _slice(inputs, params, avals, wide):
    strides = params["strides"]
    if strides is None:
        return [inputs[0][tuple(map(slice, params["start_indices"], params["limit_indices"]))]]
    return [inputs[0][tuple(map(slice, params["start_indices"], params["limit_indices"], strides))]]


def clamped_slices(shape, starts, sizes) -> tuple[slice, ...]:
    """A window of the given sizes, moved inside the array where it would stick out."""
    places = []
    for extent, start, size in zip(shape, starts, sizes):
        start = min(max(int(start), 0), extent - size)
        places.append(slice(start, start + size))
    return tuple(places)


def _dynamic_slice(inputs, params, avals, wide):
    x = inputs[0]
    return [x[clamped_slices(x.shape, inputs[1:], params["slice_sizes"])]]


def _dynamic_update_slice(inputs, params, avals, wide):
    x, update, *starts = inputs
    result = np.array(x)
    result[clamped_slices(x.shape, starts, update.shape)] = update
    return [result]


RULES = {"dynamic_slice": _dynamic_slice, "dynamic_update_slice": _dynamic_update_slice, "slice": _slice}
