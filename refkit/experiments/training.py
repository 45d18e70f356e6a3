"""Training as an experiment says: one seed, from its first parameters to its figures; of the reference, or of any learner."""

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from refkit.experiments.protocol import Arrays, Examples, Protocol
from refkit.results.record import Run
from refkit.subjects.learner import Learner, ReferenceLearner, module_of

Progress = Callable[[float], None]


def reference_learner(protocol: Protocol, examples: Examples, seed: int) -> ReferenceLearner:
    """The reference as the experiment has it; what is compiled for one seed serves the next.

    Args:
        examples: whose sizes the model has.
        seed: of the parameters.
    """
    config = dataclasses.replace(reference_config(protocol, examples, seed), seed=0)
    return compiled_learner(protocol.reference, protocol.source, config).begin(seed)


@functools.lru_cache(maxsize=2)
def compiled_learner(reference: str, source: str, config: Any) -> ReferenceLearner:
    return ReferenceLearner(reference, source, config)


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
    return fitted(protocol, seed, examples, learner, progress)[1]


def fitted(
    protocol: Protocol, seed: int, examples: Examples, learner: Learner, progress: Progress = lambda share: None
) -> tuple[Any, Run]:
    """As `fit`, and the learner's last state before it."""
    state, scored = learner.first, Scored(protocol, examples)
    for epoch, batches in enumerate(epochs_of(protocol, examples, learner.batch_size, seed), 1):
        state, _ = learner.train(state, batches)
        if epoch in evaluated_epochs(protocol):
            scored.add(learner.outputs(state, examples.test))
        progress(epoch / protocol.epochs)
    return state, scored.run()


def epochs_of(protocol: Protocol, examples: Examples, batch_size: int, seed: int) -> Iterator[Iterator[Arrays]]:
    """The batches of each epoch.

    Args:
        seed: of their order.
    """
    for epoch in range(protocol.epochs):
        late = protocol.then_after is not None and epoch >= protocol.then_after
        rows = examples.then if late else examples.train
        if examples.augment is not None:
            rows = examples.augment(rows, np.random.default_rng((seed, epoch, 1)))
        yield shuffled(rows, batch_size, (seed, epoch))


class Scored:
    """The figures of one seed, while it is trained.

    Args:
        examples: that it is tested on.
    """

    def __init__(self, protocol: Protocol, examples: Examples):
        self.protocol, self.examples, self.curve = protocol, examples, []

    def add(self, outputs: np.ndarray) -> None:
        """Score the outputs of every test example."""
        self.outputs = outputs
        self.curve.append(self.score(slice(None)))

    def score(self, chosen: Any) -> float:
        return self.protocol.score(self.outputs[chosen], self.examples.test[-1][chosen], self.examples.scale)

    def run(self) -> Run:
        """What the last outputs give."""
        more = {name: self.score(chosen) for name, chosen in self.examples.groups.items()}
        return Run(self.curve[-1], tuple(self.curve), more=more)


def evaluated_epochs(protocol: Protocol) -> list[int]:
    """After which epochs the test examples are scored; the last one is always among them."""
    count = min(protocol.evaluations, protocol.epochs)
    return sorted({round(protocol.epochs * (k + 1) / count) for k in range(count)})


def shuffled(examples: Arrays, batch_size: int, seed: tuple[int, int]) -> Iterator[Arrays]:
    """Every example once; the last batch may be short."""
    order = np.random.default_rng(seed).permutation(len(examples[-1]))
    for start in range(0, len(order), batch_size):
        yield tuple(array[order[start : start + batch_size]] for array in examples)


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
