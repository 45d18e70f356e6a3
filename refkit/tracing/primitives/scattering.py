"""Scatter: windows written, added or otherwise combined into an array at computed places."""

import numpy as np

from refkit.tracing.primitives.gathering import window_places
from refkit.tracing.primitives.scalar_function import known_ufunc, scalar_function
from refkit.tracing.primitives.storage import packed, unpacked


def overwrites(jaxpr) -> bool:
    """Whether an update computation takes the update as it is."""
    return jaxpr is None or jaxpr.outvars[0] is jaxpr.invars[1]


def combine_in_turn(flat: np.ndarray, places: np.ndarray, updates: np.ndarray, function) -> None:
    """Combine updates into a flat array, those of one place after each other in their order."""
    order = np.argsort(places, kind="stable")
    places, updates = places[order], updates[order]
    first = np.concatenate([[True], places[1:] != places[:-1]]) if len(places) else np.zeros(0, bool)
    starts = np.flatnonzero(first)
    turn = np.arange(len(places)) - np.repeat(starts, np.diff(np.append(starts, len(places))))
    for number in range(int(turn.max(initial=-1)) + 1):
        now = turn == number
        flat[places[now]] = function(flat[places[now]], updates[now])[0]


def _scatter(ufunc=None):
    def rule(inputs, params, avals, wide):
        x, indices, updates = inputs
        aval, numbers, jaxpr = avals[0], params["dimension_numbers"], params["update_jaxpr"]
        x, updates = packed(x, aval), packed(updates, aval)
        combine = ufunc
        if combine is None and not overwrites(jaxpr):
            combine = known_ufunc(jaxpr)
        windows = numbers.update_window_dims
        left_out = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
        window = iter([updates.shape[axis] for axis in windows])
        sizes = tuple(1 if axis in left_out else next(window) for axis in range(x.ndim))
        batches = [axis for axis in range(updates.ndim) if axis not in windows]
        updates = updates.transpose(*batches, *windows)
        indexed = numbers.scatter_dims_to_operand_dims
        limits = np.array([x.shape[axis] - sizes[axis] for axis in indexed], np.intp)
        starts = indices.astype(np.intp)
        clamped = np.minimum(np.maximum(starts, 0), limits)
        inside = np.ones(starts.shape[:-1], bool)
        if params["mode"].name != "CLIP":
            inside = (starts == clamped).all(-1)
        result = np.array(x, order="C")
        if not inside.any() or not updates.size:
            return [unpacked(result, aval)]
        parts = indexed, numbers.operand_batching_dims, numbers.scatter_indices_batching_dims
        places = window_places(*parts, sizes, clamped)
        flat_places = np.zeros((), np.intp)
        for place, step in zip(places, np.cumprod((1, *x.shape[:0:-1]))[::-1] if x.ndim else ()):
            flat_places = flat_places + place * step
        flat_places = np.broadcast_to(flat_places, inside.shape + sizes)
        updates = updates.reshape(flat_places.shape)
        if not inside.all():
            flat_places, updates = flat_places[inside], updates[inside]
        flat, flat_places, updates = result.reshape(-1), flat_places.reshape(-1), updates.reshape(-1)
        if combine is not None:
            if params["unique_indices"] or inside.size == 1:
                flat[flat_places] = combine(flat[flat_places], updates)
            else:
                combine.at(flat, flat_places, updates)
        elif overwrites(jaxpr):
            flat[flat_places] = updates
        else:
            combine_in_turn(flat, flat_places, updates, scalar_function(jaxpr, params["update_consts"], wide))
        return [unpacked(result, aval)]

    return rule


RULES = {
    "scatter": _scatter(),
    "scatter-add": _scatter(np.add),
    "scatter-max": _scatter(np.maximum),
    "scatter-min": _scatter(np.minimum),
    "scatter-mul": _scatter(np.multiply),
    "scatter-sub": _scatter(np.subtract),
}
