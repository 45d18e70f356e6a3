"""Examples whose right answers are known, as a function that scores is given them."""

import dataclasses
from typing import Any

import jax
import numpy as np

from refkit.adapters.values import Values


@dataclasses.dataclass(frozen=True)
class Examples:
    """A set to be scored.

    Args:
        tree: the model's leaves.
        inputs: batch first, as the reference takes them.
        outputs: the model's answers to them in evaluation mode.
        labels: `i32[n]` or `f32[n, outputs]`, as the reference has them.
        batch_size: what the function is told to cut batches of, where it can be told.
        training: whether a model that has modes is handed over in training mode.
    """

    tree: Any
    inputs: tuple[np.ndarray, ...]
    outputs: np.ndarray
    labels: np.ndarray
    batch_size: int
    training: bool = False


class Concrete(Values):
    """Values outside any trace, as NumPy arrays."""

    @property
    def data(self) -> list[Any]:
        return [plain(value) for value in super().data]


def plain(value: Any) -> Any:
    return np.asarray(value)


def as_jax(value: np.ndarray) -> Any:
    return jax.numpy.asarray(value)
