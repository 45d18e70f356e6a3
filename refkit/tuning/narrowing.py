"""Coarse to fine: between rounds each range closes in on the best few trials."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from refkit.tuning.spaces import Range, Space, Values

FEW, LEAST_FEW = 4, 2  # the best quarter of the trials, and never fewer than two
BETTER = 2  # of a list, what was tried and is in none of the better half goes
SMALLEST, LARGEST, MARGIN = 0.1, 0.5, 0.1  # widths of the new range and the room left around, as shares of the old one


@dataclasses.dataclass(frozen=True)
class Narrowing:
    """One step from coarse to fine.

    Args:
        space: what is searched from now on, for every hyper-parameter.
        around: numbers of the trials that it closes in on, the best first.
    """

    space: Space
    around: tuple[int, ...]


def best_first(trials: Sequence[FrozenTrial], direction: str) -> list[FrozenTrial]:
    """The trials that were trained to their end, the best first."""
    done = [trial for trial in trials if trial.state == optuna.trial.TrialState.COMPLETE]
    sign = -1 if direction == "maximize" else 1
    return sorted(done, key=lambda trial: (sign * trial.value, trial.number))


def narrow(space: Space, trials: Sequence[FrozenTrial], direction: str) -> Narrowing:
    """The part of the space around the best few trials.

    A range gets from a tenth to half as wide as it was, on its own scale, and holds the best trial. Of a list those values go
    that were tried and are in none of the better half: two or three trials are too few to choose among words.

    Args:
        space: that of the last round.
        trials: all that there are; those that failed or were pruned do not count.
        direction: `maximize` or `minimize`.
    """
    order = best_first(trials, direction)
    few = order[: max(LEAST_FEW, len(order) // FEW)]
    if len(order) < LEAST_FEW:
        return Narrowing(space, ())
    found = {}
    for name, what in space.items():
        values = [trial.params[name] for trial in order]
        found[name] = (
            left(what, values[: -(-len(order) // BETTER)], values)
            if isinstance(what, Values)
            else closer(what, values[: len(few)])
        )
    return Narrowing(found, tuple(trial.number for trial in few))


def left(dimension: Values, better: list[Any], tried: list[Any]) -> Values:
    """A list without the values that only worse trials have."""
    stay = tuple(value for value in dimension.values if value in better or value not in tried)
    return Values(stay) if stay else dimension


def closer(dimension: Range, values: list[Any]) -> Range:
    """A range closed in on values of which the first is the best; they may lie outside it."""
    shares = [min(max(dimension.share(value), 0.0), 1.0) for value in values]
    width = min(max(max(shares) - min(shares) + 2 * MARGIN, SMALLEST), LARGEST)
    middle = (max(shares) + min(shares)) / 2
    middle = min(max(middle, shares[0] - width / 2), shares[0] + width / 2)  # the best one stays inside
    low = min(max(middle - width / 2, 0.0), 1.0 - width)
    ends = dimension.at(low), dimension.at(low + width)
    return Range(*ends, dimension.log) if ends[0] < ends[1] else dimension


def narrowed_words(number: int, before: Space, narrowing: Narrowing) -> list[str]:
    """What a round has closed in on, and one line for each hyper-parameter: from what to what."""
    if not narrowing.around:
        return [f"round {number}: too few trials were trained to their end to close in on any"]
    around = ", ".join(map(str, narrowing.around))
    return [
        f"round {number}, around trials {around}, the best first",
        *(
            f"  {name}: {before[name]} to {what}" if what != before[name] else f"  {name}: {what}, as before"
            for name, what in narrowing.space.items()
        ),
    ]


def as_json(narrowing: Narrowing) -> dict[str, Any]:
    """As it is kept with the study."""
    kept = {
        name: [what.low, what.high, what.log] if isinstance(what, Range) else list(what.values)
        for name, what in narrowing.space.items()
    }
    return {"space": kept, "around": list(narrowing.around)}


def from_json(space: Space, kept: dict[str, Any]) -> Narrowing:
    """What `as_json` has kept of a part of `space`."""
    parts = {
        name: Range(*kept["space"][name]) if isinstance(what, Range) else Values(tuple(kept["space"][name]))
        for name, what in space.items()
    }
    return Narrowing(parts, tuple(kept["around"]))
