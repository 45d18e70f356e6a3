"""The record of a baseline: the floor that a network has to beat."""

import dataclasses
from collections.abc import Callable

import numpy as np

Inputs = tuple[np.ndarray, ...]
Predict = Callable[[Inputs], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Baseline:
    """One way to answer without a network.

    Args:
        name: `logistic-regression`.
        what: one sentence.
        fit: from training inputs (arrays, batch first: one, or a picture and its words) and targets `[batch]` to the
            function that predicts targets from inputs.
        applies: whether it is meant for these inputs and targets.
    """

    name: str
    what: str
    fit: Callable[[Inputs, np.ndarray], Predict]
    applies: Callable[[Inputs, np.ndarray], bool]


def are_classes(inputs: Inputs, targets: np.ndarray) -> bool:
    """Whether the targets are class ids."""
    return np.issubdtype(targets.dtype, np.integer)


def are_numbers(inputs: Inputs, targets: np.ndarray) -> bool:
    """Whether the targets are numbers to be told."""
    return np.issubdtype(targets.dtype, np.floating)
