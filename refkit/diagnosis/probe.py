"""Values to run both sides on: all distinct, none zero, none saturated."""

import functools
import math
import zlib

import numpy as np

from refkit.implementation import Input

PRIMES = (7, 11, 13, 17, 19, 23)
FEW = 16  # units of an output


@functools.lru_cache(maxsize=1024)
def parameter_value(path: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """A random value for a parameter or statistic; the same array for the same path and shape, in every program."""
    value = drawn_parameter(path, shape, kind)
    value.flags.writeable = False
    return value


def drawn_parameter(path: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    generator = np.random.default_rng(zlib.crc32(f"{path}{shape}".encode()))
    drawn = generator.normal(size=shape)
    last = path.rsplit(".", 1)[-1]
    if kind == "statistics" and last != "mean":
        return 0.5 + np.abs(drawn)
    if last == "scale":
        return 1 + 0.3 * drawn
    if len(shape) < 2:
        return 0.4 * drawn
    return drawn / math.sqrt(np.prod(shape[:-1]))


@functools.lru_cache(maxsize=1024)
def other_value(path: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """The same with what leads to few numbers negated: outputs that all had one sign have the other."""
    value = parameter_value(path, shape, kind)
    return -value if len(shape) in (1, 2) and shape[-1] <= FEW and kind == "parameters" else value


def input_value(record: Input, batch: int, seed: int = 0) -> np.ndarray:
    """A random input: pictures in [0, 1], numbers from the normal distribution, ids from 1 on, lengths of all kinds."""
    generator = np.random.default_rng((zlib.crc32(record.name.encode()), seed))
    shape = (batch, *record.shape)
    if record.kind == "lengths":
        longest = record.high or 6
        return (1 + np.arange(batch) * 2 % longest).astype(np.int32)
    if record.kind == "tokens":
        return generator.integers(1, max(record.high or 2, 2), size=shape).astype(np.int32)
    if record.kind == "image":
        return generator.uniform(size=shape)
    return generator.normal(size=shape)


def label_value(outputs: tuple[int, ...], regression: bool, batch: int) -> np.ndarray:
    """Class ids, one for every row of outputs and every class among them where there are enough, or targets like the outputs."""
    generator = np.random.default_rng(5)
    if regression:
        return generator.normal(size=outputs)
    classes = outputs[-1] if len(outputs) > 1 else 2
    rows = outputs[:-1] if len(outputs) > 2 else (batch,)
    return generator.permutation(np.arange(int(np.prod(rows))) % max(classes, 2)).astype(np.int32).reshape(rows)


def batch_size(sizes: set[int]) -> int:
    """A prime that is the size of no axis of either program."""
    return next((prime for prime in PRIMES if prime not in sizes), 29)
