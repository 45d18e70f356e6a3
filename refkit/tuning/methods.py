"""How values are drawn: optuna's samplers, each seeded by the trial's number, so that neither a kill nor a second process shows."""

import copy
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GridSampler, PartialFixedSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from refkit.errors import RefkitError
from refkit.tuning.spaces import Space

METHODS = ("random", "grid", "coarse-to-fine", "bayes")
MANUAL = "manual"
MOST_POINTS = 100_000  # of a grid: optuna lists them all


class PerTrial(BaseSampler):
    """Another sampler, made anew for each trial.

    Args:
        make: of its seed and the trial's number.
        seed: of the whole search.
    """

    def __init__(self, make: Callable[[int, int], BaseSampler], seed: int):
        self.make, self.seed, self.inner = make, seed, None

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        seed = int(np.random.SeedSequence((self.seed, trial.number)).generate_state(1)[0])
        self.inner = self.make(seed, trial.number)
        self.inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.inner.sample_relative(study, trial, search_space)

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return self.inner.sample_independent(study, trial, name, distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        if self.inner is not None:
            self.inner.after_trial(study, trial, state, values)


class Within(RandomSampler):
    """Random values from a part of the space; the study keeps the whole space's distributions.

    Args:
        part: from which they are drawn.
    """

    def __init__(self, part: Space, seed: int):
        super().__init__(seed)
        self.part = part

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return super().sample_independent(study, trial, name, self.part[name].distribution)


class Grid(GridSampler):
    """optuna's grid, beside trials that have their values from elsewhere; when it is gone through is for the search to see.

    Args:
        has_place: whether the trial of that number is wanted: one that is not takes no point from others.
    """

    def __init__(self, grid: Mapping[str, Any], seed: int, has_place: Callable[[int], bool]):
        super().__init__(grid, seed)
        self.has_place = has_place
        self.seen: tuple[int | None, dict[str, Any]] = (
            None,
            {},
        )  # the trial that values are drawn for, and what it keeps

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        if not trial.params and self.has_place(trial.number):
            super().before_trial(study, trial)

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        if self.seen[0] != trial.number:
            self.seen = (
                trial.number,
                dict(trial.system_attrs),
            )  # which optuna reads from the storage for every value anew
        known = copy.copy(trial)
        known.system_attrs = self.seen[1]
        return super().sample_independent(study, known, name, distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        pass


def sampler(
    method: str,
    space: Space,
    seed: int,
    fixed: Mapping[str, Any],
    part: Callable[[int], Space],
    points: int,
    has_place: Callable[[int], bool],
) -> BaseSampler:
    """The sampler of a method.

    Args:
        method: one of METHODS, or MANUAL.
        fixed: hyper-parameters of the space that keep a value.
        part: for `coarse-to-fine`, what of the space is searched by the trial of that number.
        points: of a range in a grid.
        has_place: for a grid, whether the trial of that number is wanted.

    Raises:
        RefkitError: the grid is too large.
    """
    if method == "grid":
        return Grid(grid_of(space, fixed, points), seed, has_place)
    make = {
        "bayes": lambda own, number: TPESampler(seed=own),
        "coarse-to-fine": lambda own, number: Within(part(number), own),
    }.get(method, lambda own, number: RandomSampler(seed=own))
    if not fixed:
        return PerTrial(make, seed)

    def held(own: int, number: int) -> BaseSampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return PartialFixedSampler(dict(fixed), make(own, number))

    return PerTrial(held, seed)


def grid_of(space: Space, fixed: Mapping[str, Any], points: int) -> dict[str, list[Any]]:
    """All values of every list, and so many points of every range."""
    grid = {name: [fixed[name]] if name in fixed else what.points(points) for name, what in space.items()}
    if size_of(grid) > MOST_POINTS:
        raise RefkitError(
            f"a grid of {size_of(grid):,} points is too large: give fewer values by `--space`, hold some by `--set`, or take "
            "`--method random`"
        )
    return grid


def size_of(grid: Mapping[str, list[Any]]) -> int:
    size = 1
    for values in grid.values():
        size *= len(values)
    return size
