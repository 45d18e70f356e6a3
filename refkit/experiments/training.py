"""Training of a reference as an experiment says: one seed, from its first parameters to its figures."""

import dataclasses
import functools
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from refkit.experiments.protocol import Arrays, Examples, Protocol
from refkit.results.record import Run
from refkit.subjects import BY_NAME
from refkit.subjects.reference import compiled

SCANNED = ("mlp", "lstm")  # references without convolutions, which XLA runs slowly inside loops on a CPU
AT_ONCE = 1_000  # examples of one evaluation
CHUNK = 64  # steps of one scan

Progress = Callable[[float], None]


class Learner:
    """A reference with its optimizer as pure functions of one state.

    Args:
        protocol: the experiment.
        examples: whose sizes the model has.
        seed: of the parameters.
    """

    def __init__(self, protocol: Protocol, examples: Examples, seed: int):
        self.protocol, name = protocol, protocol.reference
        module = types.ModuleType(f"refkit_experiment_{name}")
        exec(compiled(protocol.source, f"{name}.py"), module.__dict__)
        fields = {field: value(examples) if callable(value) else value for field, value in protocol.config}
        self.module, self.config = module, module.Config(**fields, seed=seed)
        model = getattr(module, BY_NAME[name].model)(self.config, nnx.Rngs(seed))
        self.graph, self.first = nnx.split((model, module.make_optimizer(model, self.config)))

    def step(self, state: Any, batch: Arrays) -> tuple[Any, jax.Array]:
        model, optimizer = nnx.merge(self.graph, state)
        model.train()
        loss = self.module.train_step(model, optimizer, *batch)
        return nnx.state((model, optimizer)), loss

    @functools.cached_property
    def one_step(self) -> Callable:
        return jax.jit(self.step, donate_argnums=0)

    @functools.cached_property
    def many_steps(self) -> Callable:
        return jax.jit(lambda state, batches: jax.lax.scan(self.step, state, batches), donate_argnums=0)

    @functools.cached_property
    def forward(self) -> Callable:
        def outputs(state, *inputs):
            model, _ = nnx.merge(self.graph, state)
            model.eval()
            return model(*inputs)

        return jax.jit(outputs)

    def train(self, state: Any, batches: Iterator[Arrays]) -> tuple[Any, list[float]]:
        """Steps over batches, those of one size together where that is faster; their losses."""
        losses: list[np.ndarray] = []
        if self.protocol.reference not in SCANNED:
            for batch in batches:
                state, loss = self.one_step(state, batch)
                losses.append(loss)
            return state, [float(loss) for loss in losses]
        for group in grouped(batches):
            if len(group) == CHUNK:
                state, some = self.many_steps(state, tuple(jnp.asarray(np.stack(parts)) for parts in zip(*group)))
                losses.append(np.asarray(some))
            else:
                for batch in group:
                    state, loss = self.one_step(state, batch)
                    losses.append(np.asarray(loss)[None])
        return state, [float(loss) for some in losses for loss in some]

    def outputs(self, state: Any, part: Arrays) -> np.ndarray:
        """Of every example, in evaluation mode."""
        count = len(part[-1])
        found = []
        for start in range(0, count, AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, count))
            inputs = [array[rows] for array in part[:-1]]
            found.append(np.asarray(self.forward(state, *inputs)))
        return np.concatenate(found)


def grouped(batches: Iterator[Arrays]) -> Iterator[list[Arrays]]:
    """Batches in groups of CHUNK of one size; what is left over in smaller ones."""
    group: list[Arrays] = []
    for batch in batches:
        if group and (len(batch[-1]) != len(group[0][-1]) or len(group) == CHUNK):
            yield group
            group = []
        group.append(batch)
    if group:
        yield group


def run_seed(protocol: Protocol, seed: int, progress: Progress = lambda share: None) -> Run:
    """Train and test one seed; the same seed gives the same figures on the same machine.

    Args:
        progress: is told the share that is done.
    """
    began = time.perf_counter()
    run = solve(protocol, seed, progress) if protocol.until_solved is not None else fit(protocol, seed, progress)
    return dataclasses.replace(run, seconds=time.perf_counter() - began)


def fit(protocol: Protocol, seed: int, progress: Progress) -> Run:
    """Epochs over a set of examples."""
    examples = protocol.examples(seed)
    learner = Learner(protocol, examples, seed)
    state, curve, targets = learner.first, [], examples.test[-1]
    for epoch in range(protocol.epochs):
        state, _ = learner.train(state, shuffled(examples, learner.config.batch_size, (seed, epoch)))
        if epoch + 1 in evaluated_epochs(protocol):
            outputs = learner.outputs(state, examples.test)
            curve.append(protocol.score(outputs, targets, examples.scale))
        progress((epoch + 1) / protocol.epochs)
    groups = examples.groups.items()
    more = {name: protocol.score(outputs[chosen], targets[chosen], examples.scale) for name, chosen in groups}
    return Run(curve[-1], tuple(curve), more=more)


def evaluated_epochs(protocol: Protocol) -> list[int]:
    """After which epochs the test examples are scored; the last one is always among them."""
    count = min(protocol.evaluations, protocol.epochs)
    return sorted({round(protocol.epochs * (k + 1) / count) for k in range(count)})


def shuffled(examples: Examples, batch_size: int, seed: tuple[int, int]) -> Iterator[Arrays]:
    """Every training example once; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(examples.train[-1]))
    for start in range(0, len(order), batch_size):
        yield tuple(array[order[start : start + batch_size]] for array in examples.train)


def solve(protocol: Protocol, seed: int, progress: Progress) -> Run:
    """Fresh sequences until a window of them is right; the value is the share wrong of the test sequences."""
    task = protocol.until_solved
    test = task.draw(task.test, (seed, 1))
    learner = Learner(protocol, Examples(test, test), seed)
    state, curve, seen = learner.first, [], 0
    for block in range(task.most // task.block):
        fresh = task.draw(max(task.block, task.window), (seed, 2, block))
        window = tuple(part[: task.window] for part in fresh)
        wrong = task.wrong(learner.outputs(state, window), window[-1])
        curve.append(float(wrong.mean()))
        if not wrong.any():
            break
        size = learner.config.batch_size
        cuts = range(0, task.block - task.block % size, size)
        state, _ = learner.train(state, (tuple(part[at : at + size] for part in fresh) for at in cuts))
        seen += len(cuts) * size
        progress(min(seen / task.most, 0.99))
    solved = not wrong.any()
    value = float(task.wrong(learner.outputs(state, test), test[-1]).mean())
    return Run(value, tuple(curve), more={"sequences": float(seen), "solved": float(solved)})
