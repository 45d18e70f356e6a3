"""Products of arrays over contracted and batch axes."""

from functools import lru_cache
from math import prod

import numpy as np


@lru_cache(maxsize=4096)
def plan(dimension_numbers, left_rank: int, right_rank: int):
    """The axis orders that make a product of arrays a batch of matrix products.

    Returns:
        The order of the left axes (batch, free, contracted; None where they are so already), that of the right ones
        (batch, contracted, free), and how many axes are batch and how many contracted.
    """
    (left, right), (left_batch, right_batch) = dimension_numbers
    left_free = [axis for axis in range(left_rank) if axis not in left and axis not in left_batch]
    right_free = [axis for axis in range(right_rank) if axis not in right and axis not in right_batch]
    left_order = (*left_batch, *left_free, *left)
    right_order = (*right_batch, *right, *right_free)
    return (
        None if left_order == tuple(range(left_rank)) else left_order,
        None if right_order == tuple(range(right_rank)) else right_order,
        len(left_batch),
        len(left),
    )


def contract(x: np.ndarray, y: np.ndarray, dimension_numbers) -> np.ndarray:
    """The product of two arrays, its axes in the order batch, left free, right free."""
    left_order, right_order, batch, contracted = plan(dimension_numbers, x.ndim, y.ndim)
    if left_order is not None:
        x = x.transpose(left_order)
    if right_order is not None:
        y = y.transpose(right_order)
    if batch == 0 and contracted == 1 and x.ndim <= 2 and y.ndim <= 2:
        return np.matmul(x, y)
    left_free, right_free = x.shape[batch : x.ndim - contracted], y.shape[batch + contracted :]
    shared, group = y.shape[batch : batch + contracted], x.shape[:batch]
    depth = prod(shared)
    x = x.reshape(*group, prod(left_free), depth)
    y = y.reshape(*group, depth, prod(right_free))
    return np.matmul(x, y).reshape((*group, *left_free, *right_free))


def _dot_general(inputs, params, avals, wide):
    x, y = inputs
    dtype = avals[0].dtype
    if dtype.kind in "iu":
        x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    return [contract(x, y, params["dimension_numbers"])]


def _ragged_dot(inputs, params, avals, wide):
    """Rows in consecutive groups, each multiplied by its own matrix; rows beyond the groups give zero."""
    x, y, sizes = inputs
    numbers = params["ragged_dot_dimension_numbers"]
    dimensions = numbers.dot_dimension_numbers
    (ragged,), group_axes = numbers.lhs_ragged_dimensions, tuple(numbers.rhs_group_dimensions)
    (left, right), (left_batch, right_batch) = dimensions
    if sizes.ndim != 1 or ragged in left_batch:
        raise NotImplementedError("cannot evaluate `ragged_dot_general` with batches of groups; write the groups out")
    ends = np.minimum(np.cumsum(sizes), x.shape[ragged])
    starts = np.concatenate([[0], ends[:-1]])
    before = (slice(None),) * ragged
    if ragged in left:  # contracting: one product a group, stacked in front
        other = (slice(None),) * right[left.index(ragged)]
        pieces = [(slice(start, end),) for start, end in zip(starts, ends)]
        return [np.stack([contract(x[before + piece], y[other + piece], dimensions) for piece in pieces])]
    (group_axis,) = group_axes
    shift = [axis - (axis > group_axis) for axis in range(y.ndim)]
    inner = ((left, tuple(shift[axis] for axis in right)), (left_batch, tuple(shift[axis] for axis in right_batch)))
    result = np.zeros(avals[0].shape, np.result_type(x, y))
    place = len(left_batch) + sum(axis not in left and axis not in left_batch for axis in range(ragged))
    for group, (start, end) in enumerate(zip(starts, ends)):
        rows = contract(x[(*before, slice(start, end))], y.take(group, group_axis), inner)
        result[(*(slice(None),) * place, slice(start, end))] = rows
    return [result]


RULES = {"dot_general": _dot_general, "ragged_dot_general": _ragged_dot}
