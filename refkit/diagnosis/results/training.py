"""Your program, trained as an experiment trains the reference."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from refkit.diagnosis.results.learner import YourLearner
from refkit.experiments.protocol import Protocol
from refkit.experiments.training import fit
from refkit.results.record import Result, Run

LEAST_S = 60.0  # that a run is given
TIMES = 10.0  # the seconds of a known seed


def seconds_for(known: Result) -> float:
    """The most that a run may take."""
    return max(LEAST_S, TIMES * float(np.median([run.seconds for run in known.runs.values()])))


def train_all(
    protocol: Protocol,
    learner: YourLearner,
    seeds: range,
    seconds: float,
    limit: Callable[[], AbstractContextManager],
    say: Callable[[str], None],
) -> tuple[Run, ...]:
    """Runs from other first parameters and in other orders.

    Args:
        seeds: one a run.
        seconds: the most for each.
        limit: holds your code to them while it is run.
        say: is told how far it is.

    Raises:
        OutOfTime: a run was not through.
        RefkitError: the data is not there.
    """
    runs = []
    for seed in seeds if protocol.only is None else seeds[: max(protocol.only - seeds.start, 0)]:
        told = lambda share, seed=seed: say(f"training on {protocol.data}, run {seed + 1} of {seeds.stop}: {share:.0%}")
        told(0.0)
        examples = protocol.examples(seed)
        with limit():
            runs.append(fit(protocol, seed, examples, learner.begin(seed, seconds), told))
    return tuple(runs)
