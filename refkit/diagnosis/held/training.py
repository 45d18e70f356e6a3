"""Training on one batch that is held, within a budget of steps and seconds."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np

STEPS = 1500
SECONDS = 8.0  # of steps, the compilation apart
LEAST_STEPS = 40  # below that a curve says nothing
SEED = 20_114


class Trainable(Protocol):
    """A training step that takes its one batch from itself."""

    def start(self) -> Any:
        """The state before the first step: a tree of arrays."""

    def step(self, state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        """The next state, and the loss before it; traceable by JAX."""

    def parameters(self, state: Any) -> list[Any]:
        """Leaves of the parameters."""


@dataclasses.dataclass
class Curve:
    """The loss of a batch that is held, step by step.

    Attributes:
        losses: before each step.
        state: after the last one.
        cut: whether the time was over before the steps were.
        moved: the distance from the first parameters to the last, beside the length of the first.
        first_move: the same of the first step that moves anything; 0 where none does.
        seconds: a step.
    """

    losses: np.ndarray
    state: Any = None
    cut: bool = False
    moved: float = 0.0
    first_move: float = 0.0
    seconds: float = 0.0


def train(
    subject: Trainable,
    steps: int = STEPS,
    seconds: float = SECONDS,
    enough: Callable[[np.ndarray], bool] = lambda losses: False,
) -> Curve:
    """Train until it is `enough`, or the budget is over.

    Args:
        steps: the most steps.
        seconds: the most time, the compilation apart.
        enough: looks at the losses so far, every ten steps.

    Raises:
        Exception: whatever the step raises.
    """
    key = jax.random.key(SEED)
    state = subject.start()
    first = leaves_of(subject, state)
    compiled = jax.jit(lambda state, number: subject.step(state, jax.random.fold_in(key, number)))
    losses, first_move, began, cut = [], 0.0, time.perf_counter(), False
    for number in range(steps):
        state, loss = compiled(state, number)
        losses.append(float(loss))
        if number == 0:
            began = time.perf_counter()  # the step was compiled just now
        if first_move == 0.0 and number < 10:
            first_move = distance(first, leaves_of(subject, state))
        if not np.isfinite(losses[-1]) and number + 1 >= 2:
            break
        if number % 10 == 9 and enough(np.array(losses)):
            break
        if time.perf_counter() - began > seconds and number + 1 >= LEAST_STEPS:
            cut = True
            break
    each = (time.perf_counter() - began) / max(len(losses) - 1, 1)
    return Curve(np.array(losses), state, cut, distance(first, leaves_of(subject, state)), first_move, each)


def leaves_of(subject: Trainable, state: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in subject.parameters(state)]


def distance(first: list[np.ndarray], last: list[np.ndarray]) -> float:
    """How far the parameters of two or more axes are from where they were, beside their length there.

    Where these are all zero, or stay, it is of all parameters.
    """
    everything = list(zip(first, last, strict=True))
    for pairs in ([(a, b) for a, b in everything if a.ndim > 1], everything):
        length = sum(float((a.astype(np.float64) ** 2).sum()) for a, _ in pairs)
        gone = sum(float(((b.astype(np.float64) - a) ** 2).sum()) for a, b in pairs)
        if gone > 0 and length > 0:
            return float(np.sqrt(gone / length))
    return float(np.sqrt(gone))
