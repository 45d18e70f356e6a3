"""Several seeds of one learner in one compiled step."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from refkit.lowering import lowered
from refkit.subjects.learner import Arrays, Learner


class SideBySide(Learner):
    """A learner from several first states at once: seeds are the first axis of the state and of each batch.

    Args:
        learner: its step is pure, so that `jax.vmap` may run it for every seed.
    """

    scans = True

    def __init__(self, learner: Learner):
        self.learner, self.batch_size = learner, learner.batch_size

    def begin(self, firsts: list[Any]) -> "SideBySide":
        """Take these first states, one a seed; what is compiled stays."""
        self.first = jax.tree.map(lambda *leaves: jnp.stack(leaves), *firsts)
        return self

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        """The next states, and the mean of the losses before it."""
        state, losses = jax.vmap(lowered(self.learner.step))(state, batch)
        return state, losses.mean()

    def outputs_of(self, state: Any, seed: int, part: Arrays) -> np.ndarray:
        """Of every example of `part`, by the model of the seed at this place."""
        return self.learner.outputs(jax.tree.map(lambda leaf: leaf[seed], state), part)
