"""Training as an experiment says: one seed, from its first parameters to its figures; of the reference, or of any learner."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from refkit.experiments.protocol import Arrays, Examples, Protocol
from refkit.results.record import Run
from refkit.subjects.learner import Learner, ReferenceLearner, module_of

Progress = Callable[[float], None]


def reference_learner(protocol: Protocol, examples: Examples, seed: int) -> ReferenceLearner:
    """The reference as the experiment has it.

    Args:
        examples: whose sizes the model has.
        seed: of the parameters.
    """
    return ReferenceLearner(protocol.reference, protocol.source, reference_config(protocol, examples, seed))


def reference_config(protocol: Protocol, examples: Examples, seed: int) -> Any:
    """The reference's `Config` as the experiment sets it."""
    fields = {field: value(examples) if callable(value) else value for field, value in protocol.config}
    return module_of(protocol.reference, protocol.source).Config(**fields, seed=seed)


def run_seed(protocol: Protocol, seed: int, progress: Progress = lambda share: None) -> Run:
    """Train and test one seed of the reference; the same seed gives the same figures on the same machine.

    Args:
        progress: is told the share that is done.
    """
    began = time.perf_counter()
    if protocol.until_solved is not None:
        run = solve(protocol, seed, progress)
    else:
        examples = protocol.examples(seed)
        run = fit(protocol, seed, examples, reference_learner(protocol, examples, seed), progress)
    return dataclasses.replace(run, seconds=time.perf_counter() - began)


def fit(protocol: Protocol, seed: int, examples: Examples, learner: Learner, progress: Progress) -> Run:
    """Epochs over a set of examples.

    Args:
        seed: of their order.
        learner: the reference's, or any other whose outputs are as the reference's.
    """
    state, curve, targets = learner.first, [], examples.test[-1]
    for epoch in range(protocol.epochs):
        if epoch == protocol.then_after:
            examples = dataclasses.replace(examples, train=examples.then)
        state, _ = learner.train(state, shuffled(examples, learner.batch_size, (seed, epoch)))
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
    learner = reference_learner(protocol, Examples(test, test), seed)
    state, curve, seen = learner.first, [], 0
    for block in range(task.most // task.block):
        fresh = task.draw(max(task.block, task.window), (seed, 2, block))
        window = tuple(part[: task.window] for part in fresh)
        wrong = task.wrong(learner.outputs(state, window), window[-1])
        curve.append(float(wrong.mean()))
        if not wrong.any():
            break
        size = learner.batch_size
        cuts = range(0, task.block - task.block % size, size)
        state, _ = learner.train(state, (tuple(part[at : at + size] for part in fresh) for at in cuts))
        seen += len(cuts) * size
        progress(min(seen / task.most, 0.99))
    solved = not wrong.any()
    value = float(task.wrong(learner.outputs(state, test), test[-1]).mean())
    return Run(value, tuple(curve), more={"sequences": float(seen), "solved": float(solved)})
