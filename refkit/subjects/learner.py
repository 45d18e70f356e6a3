"""Something that learns from batches, and the references as such."""

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from refkit.lowering import has_convolutions, lowered
from refkit.subjects import BY_NAME
from refkit.subjects.compiling import Compiled
from refkit.subjects.reference import compiled

Arrays = tuple[np.ndarray, ...]

OTHERS = {"coral": "LeNet", "gradient_reversal": "LeNet"}  # references that nothing is compared with, and their models
AT_ONCE = 1_000  # examples of one evaluation
CHUNK = 64  # steps of one scan


class Learner:
    """A model with its optimizer, as pure functions of one state.

    Attributes:
        first: the state before the first step; it is given away to that step.
        batch_size: examples of a step.
        scans: whether many steps may run as one loop, where that is faster.
    """

    first: Any
    batch_size: int
    scans = False
    looping: bool | None = None

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        """The next state, and the loss before it."""
        raise NotImplementedError

    def answer(self, state: Any, *inputs: jax.Array) -> jax.Array:
        """Outputs in evaluation mode."""
        raise NotImplementedError

    @functools.cached_property
    def one_step(self) -> Callable:
        return jax.jit(lowered(self.step), donate_argnums=0)

    @functools.cached_property
    def many_steps(self) -> Callable:
        return Compiled(lambda state, batches: jax.lax.scan(lowered(self.step), state, batches), donate_argnums=0)

    @functools.cached_property
    def forward(self) -> Callable:
        return jax.jit(lowered(self.answer))

    def train(self, state: Any, batches: Iterator[Arrays]) -> tuple[Any, list[float]]:
        """Steps over batches, those of one size together where that is faster; their losses.

        Which steps run together depends on the number of batches alone, so that the same batches give the same figures.
        """
        losses: list[Any] = []
        for group in grouped(batches) if self.scans else ([batch] for batch in batches):
            if len(group) > 1 and self.loops_well(state, group[0]):
                state, some = self.many_steps(state, tuple(jnp.asarray(np.stack(parts)) for parts in zip(*group)))
                losses.append(some)
                continue
            for batch in group:
                state, loss = self.one_step(state, batch)
                losses.append(loss)
        return state, [float(loss) for some in losses for loss in np.atleast_1d(some)]

    def loops_well(self, state: Any, batch: Arrays) -> bool:
        """Whether its steps are as fast in one loop as one by one; asked once."""
        if self.looping is None:
            self.looping = not has_convolutions(self.step, state, batch)
        return self.looping

    def outputs(self, state: Any, part: Arrays) -> np.ndarray:
        """Of every example of `part`, inputs and the targets last, in evaluation mode."""
        starts = range(0, len(part[-1]), AT_ONCE)
        batches = ([array[start : start + AT_ONCE] for array in part[:-1]] for start in starts)
        return np.concatenate([np.asarray(self.forward(state, *inputs)) for inputs in batches])


class ReferenceLearner(Learner):
    """A reference with its own optimizer.

    Args:
        name: `lenet`.
        source: its text, at some options.
        config: a `Config` of that text.
    """

    scans = True

    def __init__(self, name: str, source: str, config: Any):
        self.module, self.config = module_of(name, source), config
        self.name, self.batch_size = name, config.batch_size
        self.begin(config.seed)

    def begin(self, seed: int) -> Self:
        """Draw the first parameters; what is compiled stays."""
        model, optimizer = built(self.name, self.module, dataclasses.replace(self.config, seed=seed))
        self.parameters = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
        self.graph, self.first = nnx.split((model, optimizer))
        return self

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        model, optimizer = nnx.merge(self.graph, state)
        model.train()
        loss = self.module.train_step(model, optimizer, *batch)
        return nnx.state((model, optimizer)), loss

    def answer(self, state: Any, *inputs: jax.Array) -> jax.Array:
        model, _ = nnx.merge(self.graph, state)
        model.eval()
        return model(*inputs)


def built(name: str, module: types.ModuleType, config: Any) -> tuple[Any, Any]:
    """A reference's model and optimizer, as its own `main` makes them."""
    kind = BY_NAME[name].model if name in BY_NAME else OTHERS[name]
    model = getattr(module, kind)(config, nnx.Rngs(config.seed))
    return model, module.make_optimizer(model, config)


@functools.lru_cache(maxsize=8)
def module_of(name: str, source: str) -> types.ModuleType:
    """A reference's text, executed."""
    module = types.ModuleType(f"refkit_experiment_{name}")
    exec(compiled(source, f"{name}.py"), module.__dict__)
    return module


def grouped(batches: Iterator[Arrays]) -> Iterator[list[Arrays]]:
    """Batches in groups of CHUNK of one size; what is left over in smaller ones."""
    group: list[Arrays] = []
    for batch in batches:
        if group and (np.shape(batch[-1]) != np.shape(group[0][-1]) or len(group) == CHUNK):
            yield group
            group = []
        group.append(batch)
    if group:
        yield group
