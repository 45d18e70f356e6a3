"""Temporal order: which of two symbols came first, with noise between and after them."""

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder

SYMBOLS = ("a", "b", "c", "d", "E", "B", "X", "Y")  # ids from 1; 0 is no symbol
CLASSES = ("XX", "XY", "YX", "YY")
LONGEST = 110


def temporal_order(examples: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Task 6a of Hochreiter and Schmidhuber (1997): 100 to 110 symbols, E first, B last, X or Y at two places between.

    The places are 10 to 20 and 50 to 60 steps after E, the other symbols are drawn from a, b, c and d. The paper's
    network saw fresh sequences until it had learned: draw them from here, a seed each time.

    Returns:
        Symbols as ids `i32[examples, 110]`, 0 after the end; lengths `i32[examples]`; classes `i32[examples]`, the
        place of the ordered pair in `CLASSES`.
    """
    rng, rows = np.random.default_rng(seed), np.arange(examples)
    symbols = rng.integers(1, 5, (examples, LONGEST), dtype=np.int32)
    lengths = rng.integers(100, LONGEST, examples, dtype=np.int32, endpoint=True)
    first, second = rng.integers(2, size=(2, examples))
    symbols[:, 0] = 1 + SYMBOLS.index("E")
    symbols[rows, rng.integers(10, 20, examples, endpoint=True)] = 1 + SYMBOLS.index("X") + first
    symbols[rows, rng.integers(50, 60, examples, endpoint=True)] = 1 + SYMBOLS.index("X") + second
    symbols[rows, lengths - 1] = 1 + SYMBOLS.index("B")
    symbols[np.arange(LONGEST) >= lengths[:, None]] = 0
    return symbols, lengths, (2 * first + second).astype(np.int32)


class TemporalOrder(OfflineBuilder):
    """22,560 sequences of 100 to 110 symbols, padded with 0, two of which are X or Y: the class is their order."""

    inputs, target = ("symbols", "length"), "label"

    def columns(self):
        return {
            "symbols": tfds.features.Tensor(shape=(LONGEST,), dtype=np.int32),
            "length": tfds.features.Scalar(dtype=np.int32),
            "label": tfds.features.ClassLabel(names=list(CLASSES)),
        }

    def splits(self):
        return {"train": temporal_order(20_000, seed=0), "test": temporal_order(2_560, seed=1)}
