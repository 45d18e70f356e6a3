"""Equality of two arrays up to layout: axes permuted, neighbouring axes merged, axes of size one dropped."""

import functools

import numpy as np


def same_up_to_layout(yours: np.ndarray, reference: np.ndarray, tolerance: float) -> bool:
    """Whether one array is the other with its axes permuted and merged; a reshape that scrambles is not equality."""
    if yours.size != reference.size:
        return False
    if yours.shape == reference.shape and close(yours, reference, tolerance):
        return True
    yours, reference = squeezed(yours), squeezed(reference)
    fine, coarse = (yours, reference) if yours.ndim >= reference.ndim else (reference, yours)
    if coarse.ndim == 0:
        return close(fine, coarse, tolerance)
    first, last = (0,) * coarse.ndim, (-1,) * coarse.ndim
    for order in merging_orders(fine.shape, coarse.shape):
        turned = fine.transpose(order)
        if not close_one(turned[(0,) * fine.ndim], coarse[first], tolerance):
            continue
        if not close_one(turned[(-1,) * fine.ndim], coarse[last], tolerance):
            continue
        if close(turned.reshape(coarse.shape), coarse, tolerance):
            return True
    return False


def squeezed(value: np.ndarray) -> np.ndarray:
    return value.reshape([size for size in value.shape if size != 1])


def close(a, b, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        difference = np.abs(a - b)
    if (difference <= tolerance).all():
        return True
    same = (np.isnan(a) & np.isnan(b)) | (a == b)
    return bool(((difference <= tolerance) | same).all())


def close_one(a, b, tolerance: float) -> bool:
    return a == b or abs(a - b) <= tolerance or (a != a and b != b)


@functools.lru_cache(maxsize=4096)
def merging_orders(fine: tuple[int, ...], coarse: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Every order of the fine axes whose neighbours merge to the coarse shape; the axes' own order first."""
    found: list[tuple[int, ...]] = []

    def extend(order: tuple[int, ...], at: int, product: int):
        if len(found) >= 200:
            return
        if len(order) == len(fine):
            if at == len(coarse):
                found.append(order)
            return
        for axis in range(len(fine)):
            if axis in order:
                continue
            merged = product * fine[axis]
            if at < len(coarse) and merged == coarse[at]:
                extend((*order, axis), at + 1, 1)
            if at < len(coarse) and merged < coarse[at] and coarse[at] % merged == 0:
                extend((*order, axis), at, merged)

    extend((), 0, 1)
    return tuple(found)
