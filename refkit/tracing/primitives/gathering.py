"""Gather: windows of an array taken at computed places."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from refkit.tracing.primitives.storage import is_floating, is_key, packed, unpacked

FILL = "FILL_OR_DROP"


class Plan(NamedTuple):
    """What a gather does that depends on its parameters and shapes alone."""

    limits: np.ndarray  # the largest start that keeps the window inside, for each indexed axis
    rows: bool  # whether windows are single places of some axes and the whole of the others
    order: tuple[int, ...]  # the axes that take an index first, then the others
    window: tuple[int, ...]  # the shape of one window, without the axes left out of the result
    result_order: tuple[int, ...] | None  # from batch axes before window axes to the result's


@lru_cache(maxsize=2048)
def plan(numbers, sizes: tuple[int, ...], shape: tuple[int, ...], batch_rank: int) -> Plan:
    """Prepare a gather from an array of `shape` in windows of `sizes`."""
    indexed, batching = numbers.start_index_map, numbers.operand_batching_dims
    others = tuple(axis for axis in range(len(shape)) if axis not in indexed and axis not in batching)
    rows = all(sizes[axis] == 1 for axis in indexed) and all(sizes[axis] == shape[axis] for axis in others)
    left_out = {*numbers.collapsed_slice_dims, *batching}
    window = tuple(size for axis, size in enumerate(sizes) if axis not in left_out)
    offsets = {axis: batch_rank + number for number, axis in enumerate(numbers.offset_dims)}
    batches = iter(range(batch_rank))
    order = tuple(offsets[axis] if axis in offsets else next(batches) for axis in range(batch_rank + len(window)))
    return Plan(
        np.array([shape[axis] - sizes[axis] for axis in indexed], np.intp),
        rows,
        (*indexed, *batching, *others),
        window,
        None if order == tuple(range(len(order))) else order,
    )


def batch_positions(shape, axis: int, trailing: int = 0) -> np.ndarray:
    """Positions along one batch axis, shaped to broadcast against all of them and some trailing axes."""
    inner = [1] * (len(shape) + trailing)
    inner[axis] = shape[axis]
    return np.arange(shape[axis]).reshape(inner)


def fill_value(given, dtype):
    """What stands in for a window out of bounds: NaN, or the least or the largest integer."""
    if given is not None:
        return given
    if is_floating(dtype) or dtype.kind == "c":
        return np.nan
    if dtype.kind == "b":
        return True
    return np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max


def window_places(numbers_indexed, batching, batching_dims, sizes, starts) -> list[np.ndarray]:
    """For each axis of the array the places that windows cover, to broadcast as batch axes, then window axes."""
    batch, rank = starts.shape[:-1], len(sizes)
    places = []
    for axis, size in enumerate(sizes):
        inner = [1] * rank
        inner[axis] = size
        place = np.arange(size).reshape(inner)
        if axis in numbers_indexed:
            place = place + starts[..., numbers_indexed.index(axis)].reshape(*batch, *(1,) * rank)
        elif axis in batching:
            place = place + batch_positions(batch, batching_dims[batching.index(axis)], rank)
        places.append(place)
    return places


def _gather(inputs, params, avals, wide):
    x, indices = inputs
    aval, numbers, sizes = avals[0], params["dimension_numbers"], params["slice_sizes"]
    x = packed(x, aval)
    batch = indices.shape[:-1]
    prepared = plan(numbers, sizes, x.shape, len(batch))
    starts = indices.astype(np.intp)
    clamped = np.minimum(np.maximum(starts, 0), prepared.limits)
    inside = None
    if params["mode"].name == FILL:
        inside = (starts == clamped).all(-1)
    if not batch:
        found = _one_window(x, clamped, numbers, sizes, prepared)
    elif prepared.rows:
        places = [clamped[..., number] for number in range(clamped.shape[-1])]
        places += [batch_positions(batch, axis) for axis in numbers.start_indices_batching_dims]
        found = x.transpose(prepared.order)[tuple(places)] if places else np.broadcast_to(x, batch + x.shape)
        found = found.reshape(batch + prepared.window)
    else:
        parts = numbers.start_index_map, numbers.operand_batching_dims, numbers.start_indices_batching_dims
        found = x[tuple(window_places(*parts, sizes, clamped))].reshape(batch + prepared.window)
    if inside is not None and not inside.all():
        if is_key(aval):
            found = unpacked(found, aval)
            value = np.uint32(0xFFFFFFFF if params["fill_value"] is None else params["fill_value"])
            mask = inside.reshape(inside.shape + (1,) * (found.ndim - inside.ndim))
            found = packed(np.where(mask, found, value), aval)
        else:
            value = np.asarray(fill_value(params["fill_value"], aval.dtype)).astype(found.dtype)
            found = np.where(inside.reshape(inside.shape + (1,) * (found.ndim - inside.ndim)), found, value)
    if prepared.result_order is not None:
        found = found.transpose(prepared.result_order)
    return [unpacked(found, aval)]


def _one_window(x, starts, numbers, sizes, prepared):
    places = [slice(0, size) for size in sizes]
    for axis, start in zip(numbers.start_index_map, starts.tolist()):
        places[axis] = slice(start, start + sizes[axis])
    return x[tuple(places)].reshape(prepared.window)


RULES = {"gather": _gather}
