"""Your program as a learner that an experiment trains as it trains the reference."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from refkit.diagnosis.held.steps import OwnStep, UnderAdam
from refkit.diagnosis.results.fitting import as_references, completed
from refkit.implementation import Implementation
from refkit.loading.time_limit import OutOfTime
from refkit.subjects.learner import Arrays, Learner

FALLEN = 0.02  # of the first epoch's loss
Making = Callable[[tuple, Any], OwnStep | UnderAdam]


class YourLearner(Learner):
    """Your train step with your optimizer, or Adam around your loss.

    Args:
        implementation: yours.
        make: `make(inputs, labels)` gives the training on such a batch.
        batch_size: of the experiment.

    Attributes:
        losses: means over each epoch.
    """

    def __init__(self, implementation: Implementation, make: Making, batch_size: int):
        self.implementation, self.make, self.batch_size = implementation, make, batch_size
        self.ends, self.whole_batches, self.losses = float("inf"), False, []

    def begin(self, seed: int, seconds: float = float("inf")) -> "YourLearner":
        """Draw the first parameters; what is compiled stays.

        Args:
            seconds: after which training is `OutOfTime`.
        """
        state = self.make((), None).start(seed), jax.random.key(seed), np.int32(0)
        self.first = jax.tree.map(lambda leaf: jax.numpy.array(leaf, copy=True), state)  # each a buffer of its own
        self.ends, self.losses = time.perf_counter() + seconds, []
        return self

    @property
    def fell(self) -> bool:
        """Whether the loss of the last epoch is lower than that of the first."""
        return bool(self.losses) and self.losses[0] - self.losses[-1] > FALLEN * abs(self.losses[0])

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        inner, key, count = state
        *inputs, labels = batch
        training = self.make(completed(self.implementation.inputs, tuple(inputs)), labels)
        after, loss = training.step(inner, jax.random.fold_in(key, count))
        return (after, key, count + 1), loss

    def answer(self, state: Any, *inputs: jax.Array) -> jax.Array:
        tree = self.make((), None).tree(state[0])
        return self.implementation.apply(tree, *completed(self.implementation.inputs, inputs))

    def train(self, state: Any, batches: Iterator[Arrays]) -> tuple[Any, list[float]]:
        state, losses = super().train(state, self.in_time(batches))
        self.losses.append(float(np.mean(losses)))
        return state, losses

    def in_time(self, batches: Iterator[Arrays]) -> Iterator[Arrays]:
        for batch in batches:
            if time.perf_counter() > self.ends:
                raise OutOfTime
            if len(batch[-1]) == self.batch_size or not self.whole_batches:
                yield batch

    def outputs(self, state: Any, part: Arrays) -> np.ndarray:
        return as_references(super().outputs(state, part), part[-1])

    def parameters_after(self, batches: list[Arrays]) -> tuple[np.ndarray, np.ndarray]:
        """The parameters of seed 0, flat, before the steps on these batches and after them."""
        self.begin(0)
        training, state = self.make((), None), self.first
        before = flat(training.parameters(state[0]))
        for batch in batches:
            state, _ = self.one_step(state, batch)
        return before, flat(training.parameters(state[0]))

    def try_on(self, batch: Arrays, short: Arrays | None) -> None:
        """Trace a step and an evaluation.

        Args:
            short: a last batch of fewer examples; where the step does not take it, such batches are left out.

        Raises:
            Exception: whatever the step or the model raises.
        """
        jax.eval_shape(self.step, self.first, batch)
        jax.eval_shape(self.answer, self.first, *batch[:-1])
        try:
            if short is not None:
                jax.eval_shape(self.step, self.first, short)
        except Exception:  # noqa: BLE001: your step may want one number of examples
            self.whole_batches = True


def flat(leaves: list[Any]) -> np.ndarray:
    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])
