"""Numbers by which a fault of a step shows: agreement of signs, change, proportion."""

import numpy as np

from refkit.diagnosis.steps.stepping import KEY

SAME = 1e-10


def agreement(gradient: np.ndarray, update: np.ndarray) -> tuple[int, int]:
    """How many of the large numbers of a gradient have an update of the same sign, and of the other."""
    large = (np.abs(gradient) > 1e-3 * np.abs(gradient).max(initial=1e-30)) & (update != 0)
    same = np.sign(gradient) == np.sign(update)
    return int((same & large).sum()), int((~same & large).sum())


def key_of(number: int) -> np.ndarray:
    return KEY + np.array([0, number], np.uint32)


def summed(gradients: list[list[np.ndarray]]) -> list[np.ndarray] | None:
    """Several gradients, added up leaf by leaf."""
    return [np.sum(leaves, axis=0) for leaves in zip(*gradients)] if gradients else None


def changed(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    return any(
        a.shape != b.shape
        or bool((np.abs(a.astype(float) - b.astype(float)) > SAME * np.abs(a.astype(float)).max(initial=0)).any())
        for a, b in zip(before, after, strict=True)
        if a.dtype.kind in "fiu" and a.size
    )


def proportion(value: np.ndarray, of: np.ndarray) -> float | None:
    """The factor by which one array is the other; None where it is not."""
    norm = float((of * of).sum())
    if not norm:
        return None
    factor = float((value * of).sum()) / norm
    return factor if np.abs(value - factor * of).max() <= 1e-5 * np.abs(value).max(initial=1e-300) else None
