"""How far the first steps go from the program's own initial parameters, and whether that is far too much or too little.

Over 150 right programs (24 whole scripts and 126 of those in tests/programs/correct) the first step that moves anything
goes 6.7e-5 to 0.075 of the length of all kernels together, the least one at the beginning of a warm-up, else 6.9e-4 at
least; times the number of steps, of which we take 100 at least, that is 0.07 and more. The limits stand a factor of more
than ten away.
"""

import dataclasses
from typing import Any

import numpy as np

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of
from refkit.diagnosis.steps.stepping import Moment, Stepping

FIRST = 6  # steps
LARGE = 0.2  # of the parameters' own length, in one step: more steps are taken, to see what the loss makes of it
FAR = 1.0
EXPLODES = 3.0  # times the loss before
STILL = 1e-3  # of the parameters' own length, in the whole training
LONG = 10_000  # steps of a training whose length is not known
MOST_SUMS = 20
OVERWHELMS = 10.0  # times the loss of the data


@dataclasses.dataclass
class Pace:
    """Each of the first steps, on the batch that the program itself hands to its step.

    Attributes:
        shares: length of the step beside that of all parameters of two or more axes.
        losses: before each step; empty where the step gives none.
        first: the moment after the first step.
        moved: the moment after the last step.
    """

    shares: list[float]
    losses: list[float]
    first: Moment
    moved: Moment


def pace(stepping: Stepping) -> Pace:
    """The first steps: as few as show a movement, and more where it is large."""
    drawn = stepping.yours.initial(0)
    stepping.initial = [np.resize(np.asarray(v), s.shape) for v, s in zip(drawn, stepping.shapes, strict=True)]
    here, shares, losses, first = stepping.first, [], [], None
    for number in range(FIRST):
        after = stepping.run(here, number, key_of(number))
        first = first or after
        shares.append(share(here, after))
        losses += [] if after.loss is None else [float(after.loss)]
        if 0 < shares[-1] and max(shares) < LARGE:
            break
        here = after
    return Pace(shares, losses, first, after)


def share(before: Moment, after: Moment) -> float:
    wide = [k for k, leaf in enumerate(before.parameters) if leaf.ndim > 1]
    moved = sum(float(((after.parameters[k] - before.parameters[k]) ** 2).sum()) for k in wide)
    whole = sum(float((before.parameters[k] ** 2).sum()) for k in wide)
    return float(np.sqrt(moved / whole)) if whole else 0.0


def rate_fault(seen: Pace, rhythm: Any) -> Fault | None:
    """Steps that are far too long or too short for the parameters.

    Args:
        rhythm: `schedules` by line, `epochs` and steps `per_epoch` of the program's own training.
    """
    largest = np.nanmax(seen.shares) if np.isfinite(seen.shares).any() else np.inf
    known = rhythm.epochs and rhythm.per_epoch
    total = max(rhythm.epochs * rhythm.per_epoch, 100) if known else LONG
    largest *= rise(rhythm.schedules, total, len(seen.shares))
    if largest >= FAR and len(seen.losses) > 1:
        ends = seen.losses[-1]
        if not np.isfinite(ends) or ends > max(EXPLODES * abs(seen.losses[0]), seen.losses[0] + 1):
            words = (
                f"a step goes {largest:.2g} times as far as the parameters are large, and the loss on the same batch"
            )
            return Fault("learning-rate-too-high", f"{words} goes from {seen.losses[0]:.3g} to {ends:.3g}")
    most = largest * total
    if 0 < most < STILL:
        words = f"{total} steps go {most:.1g} of the parameters' own length in all"
        return Fault("learning-rate-too-low", words)
    return None


def rise(schedules: dict[int, Any], total: int, seen: int) -> float:
    """How much higher than in the steps seen the rate of a schedule becomes."""
    found = [1.0]
    for made in schedules.values():
        begins = max(abs(float(made(k))) for k in range(seen))
        peak = max(abs(float(made(int(k)))) for k in np.linspace(0, total, 50))
        found.append(peak / begins if begins else 1.0)
    return max(found)


def overwhelming(stepping: Stepping, seen: Pace) -> tuple[Fault, int | None] | None:
    """A penalty on parameters that is many times the loss of the data, with its line."""
    trace = seen.first.trace
    if seen.first.loss is None or trace is None or not stepping.examples:
        return None
    inputs = set(trace.arguments[-2 - len(stepping.examples) : -2])
    node = trace.outputs[-1]
    for _ in range(MOST_SUMS):
        parents = [parent for parent in trace.parents[node] if np.ndim(trace.values[parent]) == 0]
        of_data = [parent for parent in parents if inputs & ancestors(trace, parent)]
        added = [parent for parent in parents if parent not in of_data]
        if len(of_data) != 1 or len(parents) != len(trace.parents[node]):
            return None
        if trace.ops[node] in ("add", "add_any") and added:
            data, penalty = abs(float(trace.values[of_data[0]])), abs(float(trace.values[added[0]]))
            if penalty > OVERWHELMS * data > 0:
                words = f"the penalty on the parameters is {penalty:.3g} where the loss of the data is {data:.3g}"
                site = trace.sites[node]
                return Fault("regulariser-overwhelms", words), site.line if site is not None else None
        node = of_data[0]
    return None


def ancestors(trace: Any, node: int) -> set[int]:
    return set(np.flatnonzero(trace.ancestors([node])).tolist())
