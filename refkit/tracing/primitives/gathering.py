"""Gather: windows of an array taken at computed places."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from refkit.tracing.primitives.indexed_windows import Windows, flat_places, held_inside, slices_of, windows
from refkit.tracing.primitives.storage import is_floating, is_key, packed, unpacked


class Plan(NamedTuple):
    """What a gather does that depends on its parameters and shapes alone."""

    where: Windows
    rows: tuple[int, ...] | None  # where windows are whole but for the indexed axes: those axes first, then the others
    window: tuple[int, ...]  # the shape of one window, without the axes left out of the result
    result_order: tuple[int, ...] | None  # from batch axes before window axes to the result's


@lru_cache(maxsize=2048)
def plan(numbers, sizes: tuple[int, ...], shape: tuple[int, ...], batch_shape: tuple[int, ...]) -> Plan:
    """Prepare a gather from an array of `shape` in windows of `sizes`."""
    indexed, batching = numbers.start_index_map, numbers.operand_batching_dims
    where = windows(indexed, batching, numbers.start_indices_batching_dims, sizes, shape, batch_shape)
    others = tuple(axis for axis in range(len(shape)) if axis not in indexed)
    whole = all(sizes[axis] == 1 for axis in indexed) and all(sizes[axis] == shape[axis] for axis in others)
    left_out = {*numbers.collapsed_slice_dims, *batching}
    window = tuple(size for axis, size in enumerate(sizes) if axis not in left_out)
    offsets = {axis: len(batch_shape) + number for number, axis in enumerate(numbers.offset_dims)}
    batches = iter(range(len(batch_shape)))
    rank = len(batch_shape) + len(window)
    order = tuple(offsets[axis] if axis in offsets else next(batches) for axis in range(rank))
    rows = (*indexed, *others) if whole and indexed and not batching else None
    return Plan(where, rows, window, None if order == tuple(range(rank)) else order)


def fill_value(given, aval):
    """What stands in for a window out of bounds: NaN, the least or the largest integer, or a key of ones."""
    if given is not None:
        return given
    if is_key(aval):
        return 0xFFFFFFFF
    if is_floating(aval.dtype) or aval.dtype.kind == "c":
        return np.nan
    if aval.dtype.kind == "b":
        return True
    return np.iinfo(aval.dtype).min if aval.dtype.kind == "i" else np.iinfo(aval.dtype).max


def _gather(inputs, params, avals, wide):
    x, indices = inputs
    aval, batch = avals[0], indices.shape[:-1]
    x = packed(x, aval)
    where, rows, window, order = plan(params["dimension_numbers"], params["slice_sizes"], x.shape, batch)
    starts, inside = held_inside(where, indices)
    if not batch:
        found = x[slices_of(where, starts)].reshape(window)
    elif rows is not None:
        places = tuple([starts[..., number] for number in range(starts.shape[-1])])
        found = x.transpose(rows)[places].reshape(batch + window)
    else:
        found = x.reshape(-1)[flat_places(where, starts)].reshape(batch + window)
    if params["mode"].name == "FILL_OR_DROP" and not inside.all():
        found = _filled(found, inside, fill_value(params["fill_value"], aval), aval)
    if order is not None:
        found = found.transpose(order)
    return [unpacked(found, aval)]


def _filled(found, inside, value, aval):
    """What was found, and the filling where it was found out of bounds."""
    found = unpacked(found, aval)
    mask = inside.reshape(inside.shape + (1,) * (found.ndim - inside.ndim))
    return packed(np.where(mask, found, np.asarray(value).astype(found.dtype)), aval)


RULES = {"gather": _gather}
