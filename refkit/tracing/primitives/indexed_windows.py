"""Windows of an array at computed places: what gather reads and scatter writes."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Windows(NamedTuple):
    """Where windows lie, as far as parameters and shapes alone say."""

    sizes: tuple[int, ...]  # one window's extent on every axis of the array
    indexed: tuple[int, ...]  # the axes along which indices move it
    limits: np.ndarray  # for each of those the largest start that keeps it inside
    steps: np.ndarray  # for each of those how far apart neighbours lie in the flat array
    offsets: np.ndarray  # one window's elements in the flat array, from its first
    batches: np.ndarray  # where the array's own batch axes put the window of each index, or zero


@lru_cache(maxsize=2048)
def windows(indexed, batching, index_batching, sizes, shape, batch_shape) -> Windows:
    """Prepare windows of `sizes` in an array of `shape`.

    Args:
        indexed: the axes of the array that an index vector's entries are for.
        batching: the axes of the array that are batch axes shared with the indices.
        index_batching: the axes of the indices that those are shared with.
        sizes: the window's extent on every axis.
        shape: the array's.
        batch_shape: the indices', without the axis of index vectors.

    Returns:
        What does not depend on the indices' values.
    """
    steps = np.cumprod((1, *shape[:0:-1]), dtype=np.intp)[::-1] if shape else np.zeros(0, np.intp)
    offsets, batches = np.zeros((), np.intp), np.zeros((), np.intp)
    for size, step in zip(sizes, steps):
        offsets = offsets[..., None] + np.arange(size, dtype=np.intp) * step
    for axis, index_axis in zip(batching, index_batching):
        inner = [1] * len(batch_shape)
        inner[index_axis] = batch_shape[index_axis]
        batches = batches + (np.arange(batch_shape[index_axis], dtype=np.intp) * steps[axis]).reshape(inner)
    limits = np.array([shape[axis] - sizes[axis] for axis in indexed], np.intp)
    return Windows(sizes, tuple(indexed), limits, steps[list(indexed)], offsets.reshape(-1), batches)


def held_inside(where: Windows, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The starts of windows moved inside the array, and which of them were there already."""
    starts = indices.astype(np.intp)
    clamped = np.minimum(np.maximum(starts, 0), where.limits)
    return clamped, (starts == clamped).all(-1)


def flat_places(where: Windows, starts: np.ndarray) -> np.ndarray:
    """The place in the flat array of every element of every window: batch axes, then one for the window's elements."""
    first = starts @ where.steps + where.batches
    return first[..., None] + where.offsets


def slices_of(where: Windows, start: np.ndarray) -> tuple[slice, ...]:
    """A single window as slices."""
    places = [slice(0, size) for size in where.sizes]
    for axis, begin in zip(where.indexed, start.tolist()):
        places[axis] = slice(begin, begin + where.sizes[axis])
    return tuple(places)
