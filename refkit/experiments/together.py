"""Several seeds of one experiment side by side in one compiled step."""

import dataclasses
import functools
import time

import numpy as np

from refkit.experiments.protocol import Arrays, Protocol
from refkit.experiments.training import (
    Progress,
    Scored,
    epochs_of,
    evaluated_epochs,
    reference_learner,
)
from refkit.results.record import Run
from refkit.subjects.learner import Learner
from refkit.subjects.side_by_side import SideBySide


def run_together(protocol: Protocol, seeds: list[int], progress: Progress = lambda share: None) -> dict[int, Run]:
    """Train and test these seeds of the reference at once; the same seeds in this order give the same figures.

    Args:
        seeds: whose examples are as many (`fit_together` says whether they are).
        progress: is told the share that is done.
    """
    began = time.perf_counter()
    examples = [protocol.examples(seed) for seed in seeds]
    learner = reference_learner(protocol, examples[0], seeds[0])
    every = side_by_side(learner).begin([learner.begin(seed).first for seed in seeds])
    scored = [Scored(protocol, one) for one in examples]
    epochs = zip(*(epochs_of(protocol, one, every.batch_size, seed) for one, seed in zip(examples, seeds)))
    state = every.first
    for epoch, orders in enumerate(epochs, 1):
        state, _ = every.train(state, map(stacked, zip(*orders, strict=True)))
        if epoch in evaluated_epochs(protocol):
            for place, one in enumerate(scored):
                one.add(every.outputs_of(state, place, one.examples.test))
        progress(epoch / protocol.epochs)
    seconds = (time.perf_counter() - began) / len(seeds)
    return {seed: dataclasses.replace(one.run(), seconds=seconds) for seed, one in zip(seeds, scored)}


@functools.lru_cache(maxsize=2)
def side_by_side(learner: Learner) -> SideBySide:
    """What is compiled for some seeds serves the next."""
    return SideBySide(learner)


def stacked(batches: tuple[Arrays, ...]) -> Arrays:
    """A batch of each seed, with the seeds as the first axis."""
    return tuple(np.stack(parts) for parts in zip(*batches, strict=True))


def fit_together(protocol: Protocol, seeds: list[int]) -> bool:
    """Whether these seeds train on as many examples of the same sizes, for the same epochs."""
    if protocol.until_solved is not None:
        return False
    kinds = {tuple((part.shape, part.dtype) for part in protocol.examples(seed).train) for seed in seeds}
    return len(kinds) == 1
