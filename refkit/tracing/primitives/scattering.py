"""Scatter: windows written, added or otherwise combined into an array at computed places."""

from functools import lru_cache

import numpy as np

from refkit.tracing.primitives.indexed_windows import Windows, flat_places, held_inside, slices_of, windows
from refkit.tracing.primitives.scalar_function import known_ufunc, scalar_function
from refkit.tracing.primitives.storage import packed, unpacked


@lru_cache(maxsize=2048)
def plan(numbers, shape: tuple[int, ...], updates_shape: tuple[int, ...]) -> tuple[Windows, tuple[int, ...]]:
    """Where windows go, and the order of the updates' axes that puts batch axes before window axes."""
    left_out = {*numbers.inserted_window_dims, *numbers.operand_batching_dims}
    window = iter([updates_shape[axis] for axis in numbers.update_window_dims])
    sizes = tuple(1 if axis in left_out else next(window) for axis in range(len(shape)))
    batches = [axis for axis in range(len(updates_shape)) if axis not in numbers.update_window_dims]
    batch_shape = tuple(updates_shape[axis] for axis in batches)
    shared = numbers.operand_batching_dims, numbers.scatter_indices_batching_dims
    where = windows(numbers.scatter_dims_to_operand_dims, *shared, sizes, shape, batch_shape)
    return where, (*batches, *numbers.update_window_dims)


def overwrites(jaxpr) -> bool:
    """Whether an update computation takes the update as it is."""
    return jaxpr is None or jaxpr.outvars[0] is jaxpr.invars[1]


def combine_in_turn(flat: np.ndarray, places: np.ndarray, updates: np.ndarray, function) -> None:
    """Combine updates into a flat array, those of one place after each other in their order."""
    order = np.argsort(places, kind="stable")
    places, updates = places[order], updates[order]
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    turn = np.arange(len(places)) - np.repeat(starts, np.diff(starts, append=len(places)))
    for number in range(turn.max() + 1):
        now = turn == number
        flat[places[now]] = function(flat[places[now]], updates[now])


def _scatter(ufunc=None):
    def rule(inputs, params, avals, wide):
        x, indices, updates = inputs
        aval = avals[0]
        result, updates = np.array(packed(x, aval), order="C"), packed(updates, aval)
        where, order = plan(params["dimension_numbers"], result.shape, updates.shape)
        starts, inside = held_inside(where, indices)
        if params["mode"].name == "CLIP":
            inside = np.ones_like(inside)
        if inside.any() and updates.size:
            combine = ufunc or _combination(params["update_jaxpr"], params["update_consts"], wide)
            _write(result, where, starts, inside, updates.transpose(order), combine, params["unique_indices"])
        return [unpacked(result, aval)]

    return rule


def _combination(jaxpr, consts, wide):
    """What is to be done with the values there and the updates: a ufunc, any function, or None to overwrite."""
    if overwrites(jaxpr):
        return None
    function = scalar_function(jaxpr, consts, wide)
    return known_ufunc(jaxpr) or (lambda old, update: function(old, update)[0])


def _write(result, where, starts, inside, updates, combine, unique: bool) -> None:
    """Combine updates (batch axes first) into the array, those of windows out of bounds left out."""
    if starts.ndim == 1:
        view = result[slices_of(where, starts)]
        updates = updates.reshape(view.shape)
        view[...] = updates if combine is None else combine(view, updates)
        return
    places = flat_places(where, starts)
    updates = updates.reshape(places.shape)
    if not inside.all():
        places, updates = places[inside], updates[inside]
    flat, places, updates = result.reshape(-1), places.reshape(-1), updates.reshape(-1)
    if combine is None:
        flat[places] = updates
    elif unique:
        flat[places] = combine(flat[places], updates)
    elif isinstance(combine, np.ufunc):
        combine.at(flat, places, updates)
    else:
        combine_in_turn(flat, places, updates, combine)


RULES = {
    "scatter": _scatter(),
    "scatter-add": _scatter(np.add),
    "scatter-max": _scatter(np.maximum),
    "scatter-min": _scatter(np.minimum),
    "scatter-mul": _scatter(np.multiply),
    "scatter-sub": _scatter(np.subtract),
}
