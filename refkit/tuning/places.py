"""The places of a study, one for each trial that is wanted: a trial that is done again has the place of the first."""

from collections.abc import Iterable, Mapping
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from refkit.tuning.studies import counts

SURPLUS = "surplus"  # of a trial that several processes began for one place, and that none of them needs
AGAIN = "failed_trial"  # optuna's own attribute: the number of the trial that is done again
Places = Mapping[int, list[FrozenTrial]]


def place_of(trial: FrozenTrial) -> int:
    """The number of the first trial that had its place."""
    return trial.system_attrs.get(AGAIN, trial.number)


def places_of(trials: Iterable[FrozenTrial], beats: bool) -> Places:
    """The trials by place, those of each by number.

    Args:
        trials: of a study, by number.
        beats: whether running trials give signs of life. Where they do not, one that is running may as well be one that was
            killed, and has no place.
    """
    found: dict[int, list[FrozenTrial]] = {}
    for trial in trials:
        if SURPLUS not in trial.user_attrs:
            found.setdefault(place_of(trial), []).append(trial)
    running = lambda held: any(trial.state == TrialState.RUNNING for trial in held)
    return {place: held for place, held in found.items() if beats or not running(held)}


def is_settled(held: list[FrozenTrial]) -> bool:
    """Whether one of a place's trials has come to its end."""
    return any(map(counts, held))


def is_forsaken(held: list[FrozenTrial]) -> bool:
    """Whether all were stopped and none is enqueued again: who was to do so may have been killed on the way."""
    return all(trial.state == TrialState.FAIL and not counts(trial) for trial in held)


def count_points(places: Places, grid: Mapping[str, Any]) -> int:
    """How many points of a grid have a place; a trial that has not been told its point yet will have one of them."""
    ends = [held[-1] for held in places.values()]
    points = {point_of(trial) for trial in ends if trial.system_attrs.get("search_space") == grid}
    return len(points) + sum(point_of(trial) is None and not has_values(trial) for trial in ends)


def point_of(trial: FrozenTrial) -> int | None:
    """The number of its point in its grid, which optuna's sampler has given it."""
    return trial.system_attrs.get("grid_id")


def has_values(trial: FrozenTrial) -> bool:
    """Whether its values come from elsewhere than the sampler: from a trial before it, or from who enqueued it."""
    return bool(trial.params) or "fixed_params" in trial.system_attrs
