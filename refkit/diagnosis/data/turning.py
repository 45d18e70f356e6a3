"""Which way round pictures lie that have been shifted, too."""

import numpy as np

from refkit.probes.tagged_identity import views

FURTHEST = 3  # pixels of a shift
MARGIN = 4
SAME, OTHER = 0.995, 0.97  # correlation of a picture with itself, and at most with another


def ways_round(raw: np.ndarray, pictures: np.ndarray) -> list[str]:
    """For each picture that is one of the raw ones, shifted by a few pixels, how it lies: empty for upright.

    Args:
        raw: `[n, height, width, 1]`.
        pictures: `[m, ...]` of as many pixels each.
    """
    size = raw.shape[1]
    raw = np.asarray(raw, np.float32).reshape(len(raw), size, -1)
    if raw.shape[2] != size or size < 4 * MARGIN or not len(pictures):
        return []
    inner = slice(MARGIN, size - MARGIN)
    seen = unit(np.asarray(pictures, np.float32).reshape(len(pictures), size, size)[:, inner, inner])
    upright, *others = (
        (name, np.asarray(view).reshape(len(raw), size, size)) for name, view in views(raw[..., None], True)
    )
    as_it_is = largest(upright[1], seen)
    if not (as_it_is < OTHER).any():
        return [""] * int((as_it_is > SAME).sum())
    best = {name: largest(view, seen) for name, view in others}
    found = []
    for k in range(len(pictures)):
        name = max(best, key=lambda view: best[view][k])
        if as_it_is[k] > SAME:
            found.append("")
        elif best[name][k] > SAME and as_it_is[k] < OTHER:
            found.append(name)
    return found


def largest(raw: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """For each picture its best correlation with any raw one at any shift."""
    size, best = raw.shape[1], np.full(len(seen), -1.0)
    for down in range(-FURTHEST, FURTHEST + 1):
        for right in range(-FURTHEST, FURTHEST + 1):
            part = raw[:, MARGIN + down : size - MARGIN + down, MARGIN + right : size - MARGIN + right]
            best = np.maximum(best, (seen @ unit(part).T).max(axis=1))
    return best


def unit(pictures: np.ndarray) -> np.ndarray:
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
