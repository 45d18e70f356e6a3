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
    if len(order) < 2 * LEAST_FEW:
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


def keep(study: optuna.Study, number: int, narrowing: Narrowing) -> None:
    """Keep with the study what a round searches."""
    part = {
        name: [what.low, what.high, what.log] if isinstance(what, Range) else list(what.values)
        for name, what in narrowing.space.items()
    }
    study.set_user_attr(f"round {number}", {"space": part, "around": list(narrowing.around)})


def kept(study: optuna.Study, space: Space) -> dict[int, Narrowing]:
    """What the rounds of a study of `space` search, by number; the first searches all of it and has no entry."""
    found = {}
    for key, value in study.user_attrs.items():
        if key.startswith("round "):
            part = value["space"]
            parts = {
                name: Range(*part[name]) if isinstance(what, Range) else Values(tuple(part[name]))
                for name, what in space.items()
            }
            found[int(key.split()[1])] = Narrowing(parts, tuple(value["around"]))
    return dict(sorted(found.items()))
