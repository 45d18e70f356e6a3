"""References that differ in numbers alone share one compiled step: the numbers travel with the state."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from refkit.subjects import BY_NAME
from refkit.subjects.learner import Arrays, Learner, module_of

# Fields of `Config` that decide only the first parameters: the compiled step does not depend on them.
OF_THE_START = ("kernel_init", "state_init", "seed")
SCHEDULES: dict[str, Callable[[jax.Array, int], Any]] = {
    "constant": lambda rate, steps: rate,
    "cosine": lambda rate, steps: optax.cosine_decay_schedule(rate, steps),
    "warmup-cosine": lambda rate, steps: warmed(rate, steps, max(1, steps // 10)),
    "exponential": lambda rate, steps: optax.exponential_decay(rate, steps, 0.01),
}


@dataclasses.dataclass(frozen=True)
class Shape:
    """What decides a compiled step.

    Args:
        name: `lenet`.
        source: its text, at some options.
        fields: of `Config`, by name, but for those of the start and the learning rate.
        schedule: of the learning rate, one of SCHEDULES.
        steps: of the whole training, for the schedules that end; 0 for `constant`.
        penalised: whether half the sum of all parameters' squares is added to the loss, by a weight.
    """

    name: str
    source: str
    fields: tuple[tuple[str, Any], ...]
    schedule: str = "constant"
    steps: int = 0
    penalised: bool = False


class SharedLearner(Learner):
    """A reference whose learning rate and penalty are arguments of the compiled step, not constants of it.

    The step is the reference's own text, traced with a `Config` whose learning rate is the traced number.

    Args:
        shape: what is compiled.
    """

    scans = True

    def __init__(self, shape: Shape):
        self.shape, self.module = shape, module_of(shape.name, shape.source)
        self.config = self.module.Config(**dict(shape.fields))
        self.batch_size = self.config.batch_size
        self.graph: Any = None

    def start(self, start: dict[str, Any], rate: float, penalty: float = 0.0) -> Any:
        """The state before the first step; it is given away to that step.

        Args:
            start: fields of `Config` that decide the first parameters: the initializers and the seed.
            rate: the learning rate; a schedule's largest.
            penalty: the weight of half the sum of squares.
        """
        config = dataclasses.replace(self.config, **start)
        numbers = {"rate": jnp.float32(rate), "penalty": jnp.float32(penalty)}
        model = getattr(self.module, BY_NAME[self.shape.name].model)(config, nnx.Rngs(config.seed))
        graph, state = nnx.split((model, self.optimizer(model, numbers)))
        if self.graph is None:
            self.graph = graph
        return numbers, state

    def optimizer(self, model: nnx.Module, numbers: dict[str, jax.Array]) -> nnx.Optimizer:
        """The reference's own, at a learning rate and a penalty that may be traced."""
        rate = SCHEDULES[self.shape.schedule](numbers["rate"], self.shape.steps)
        made = self.module.make_optimizer(model, dataclasses.replace(self.config, learning_rate=rate))
        if not self.shape.penalised:
            return made
        # The gradient of weight / 2 · Σ p² is weight · p: the reference's option `penalty=half-l2-<weight>`.
        tx = optax.chain(optax.add_decayed_weights(numbers["penalty"]), made.tx)
        return nnx.Optimizer(model, tx, wrt=nnx.Param)

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        numbers, state = state
        model, held = nnx.merge(self.graph, state)
        model.train()
        optimizer = self.optimizer(model, numbers)  # its fresh state is dead code: the held one takes its place
        nnx.update(optimizer, nnx.state(held))
        loss = self.module.train_step(model, optimizer, *batch)
        return (numbers, nnx.state((model, optimizer))), loss

    def answer(self, state: Any, *inputs: jax.Array) -> jax.Array:
        model, _ = nnx.merge(self.graph, state[1])
        model.eval()
        return model(*inputs)


class SharedLearners:
    """The learners of a search, one for each shape that was met.

    Args:
        most: how many are kept; the one that was not asked for longest goes.
    """

    def __init__(self, most: int = 32):
        self.most, self.kept = most, {}

    def of(self, shape: Shape) -> SharedLearner:
        """The learner of a shape, with what it has compiled."""
        learner = self.kept.pop(shape, None) or SharedLearner(shape)
        self.kept[shape] = learner
        if len(self.kept) > self.most:
            del self.kept[next(iter(self.kept))]
        return learner


def warmed(rate: jax.Array, steps: int, up: int) -> Any:
    """From 0 to `rate` in `up` steps, then down on half a cosine.

    optax's own `warmup_cosine_decay_schedule` asks whether the rate is 0, which a traced number cannot tell.
    """
    parts = [optax.linear_schedule(0.0, rate, up), optax.cosine_decay_schedule(rate, max(1, steps - up))]
    return optax.join_schedules(parts, [up])
