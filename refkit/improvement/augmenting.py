"""Training examples changed anew in every epoch, as the answer allows: pictures are moved, numbers have noise added."""

import dataclasses
from collections.abc import Callable

import numpy as np

from refkit.errors import RefkitError
from refkit.experiments.protocol import Arrays

FURTHEST = 14  # pixels of a picture's side for each pixel that it is moved by at most
NOISE = 0.1  # of each number's standard deviation


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """A way to change examples.

    Args:
        words: what is done.
        change: of inputs and targets, the targets last, and what draws; the targets stay.
    """

    words: str
    change: Callable[[Arrays, np.random.Generator], Arrays]


def move_pictures(examples: Arrays, rng: np.random.Generator) -> Arrays:
    """Every picture `f32[n, height, width, channels]` by a few pixels, its edges drawn out.

    Raises:
        RefkitError: the pictures are read batch by batch.
    """
    pictures = examples[0]
    if not isinstance(pictures, np.ndarray):
        raise RefkitError("its pictures are read batch by batch, and are not moved here: do it where they are read")
    height, width = pictures.shape[1:3]
    most = max(1, min(height, width) // FURTHEST)
    around = np.pad(pictures, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    moved, offsets = np.empty_like(pictures), rng.integers(2 * most + 1, size=(len(pictures), 2))
    for down, right in np.unique(offsets, axis=0):
        chosen = np.flatnonzero((offsets == (down, right)).all(axis=1))
        moved[chosen] = around[chosen, down : down + height, right : right + width]
    return (moved, *examples[1:])


def add_noise(examples: Arrays, rng: np.random.Generator) -> Arrays:
    """Numbers `f32[n, ..., features]`, each feature by its own spread over the examples."""
    numbers = examples[0]
    spread = numbers.std(axis=tuple(range(numbers.ndim - 1)))
    noise = rng.normal(size=numbers.shape) * NOISE * spread
    return ((numbers + noise).astype(numbers.dtype), *examples[1:])


MOVED = Augmentation(f"pictures moved by up to 1/{FURTHEST} of their side in each epoch", move_pictures)
NOISY = Augmentation(f"noise of {NOISE:g} standard deviations added to the inputs in each epoch", add_noise)
