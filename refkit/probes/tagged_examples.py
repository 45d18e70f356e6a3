"""Examples of which each can be told from every other, whatever is done to their scale and order."""

import dataclasses

import numpy as np

from refkit.implementation import Input

SEED = 20_113
MEANS = (3.0, -40.0, 600.0, 0.02, 11.0, -2.5, 95.0)
DEVIATIONS = (0.5, 9.0, 140.0, 0.004, 2.0, 30.0, 1.4)


@dataclasses.dataclass(frozen=True)
class Tagged:
    """A small data set.

    Args:
        inputs: one array for each input of the model, batch first: pictures `u8`, ids `i32`, anything else `f32`.
        labels: `i32[n]` class ids, or `f32[n, outputs]` targets.
        kinds: of each input, as `Input` has them.
    """

    inputs: tuple[np.ndarray, ...]
    labels: np.ndarray
    kinds: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.labels)


def tagged(inputs: tuple[Input, ...], count: int, outputs: int, regression: bool, seed: int = SEED) -> Tagged:
    """`count` examples of what a model takes, raw as they come from disk.

    Args:
        inputs: of the model, in the reference's convention.
        count: how many.
        outputs: classes, or targets of an example.
        regression: whether labels are targets.
    """
    rng = np.random.default_rng(seed)
    arrays = tuple(raw_input(record, count, rng) for record in inputs)
    labels = rng.integers(0, max(outputs, 2), count).astype(np.int32)
    if regression:
        labels = rng.normal(size=(count, outputs)).astype(np.float32)
    return Tagged(arrays, labels, tuple(record.kind for record in inputs))


def raw_input(record: Input, count: int, rng: np.random.Generator) -> np.ndarray:
    shape = (count, *record.shape)
    if record.kind == "image":
        return pictures(shape, rng)
    if record.kind == "features":
        return features(shape, rng)
    if record.kind == "tokens":
        ids = rng.integers(0, record.high or 10, shape)
        ids.flat[:2] = (0, (record.high or 10) - 1)
        return ids.astype(np.int32)
    if record.kind == "lengths":
        return np.full(shape, 3, np.int32)
    return rng.uniform(-1, 1, shape).astype(np.float32)


def pictures(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """`u8` pictures over the whole range, without any symmetry."""
    images = rng.integers(0, 256, shape)
    images.reshape(len(images), -1)[:, :2] = (0, 255)
    return images.astype(np.uint8)


def features(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Numbers of which every feature has its own mean and deviation."""
    width = shape[-1]
    means, deviations = np.resize(MEANS, width), np.resize(DEVIATIONS, width) * (1 + 0.07 * np.arange(width))
    return (means + deviations * rng.normal(size=shape)).astype(np.float32)
