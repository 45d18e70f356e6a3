"""The search: trials until the study has as many finished ones as were asked for, from however many processes."""

import contextlib
import dataclasses
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.pruners import NopPruner
from optuna.trial import FrozenTrial

from refkit.errors import RefkitError
from refkit.loading.failures import say_error
from refkit.tuning import narrowing
from refkit.tuning.database_storage import written_together
from refkit.tuning.databases import HEARTBEAT_S, SILENT, put_back
from refkit.tuning.methods import grid_of, sampler, size_of
from refkit.tuning.narrowing import Narrowing
from refkit.tuning.places import (
    SURPLUS,
    Places,
    count_points,
    has_values,
    is_forsaken,
    is_settled,
    place_of,
    places_of,
    point_of,
)
from refkit.tuning.spaces import Space, suggest
from refkit.tuning.storages import beats
from refkit.tuning.studies import REASON, Look, counts, finished, look
from refkit.tuning.subject import Diverged, Subject, Unusable

LOOK_S = 0.5  # between two looks at what other processes do
ROUNDS = "trials a round"
EVERY = 10**9  # trials, where none is one too many


class Watcher:
    """What is told of the progress; this one keeps silent."""

    def begin(self, wanted: int, had: int) -> None:
        """So many finished trials are wanted; so many are there."""

    def ended(self, done: int, trial: FrozenTrial) -> None:
        """So many are there now, and this one is the last."""

    def waits(self, count: int) -> None:
        """Nothing is left but so many trials of other processes."""


@dataclasses.dataclass
class Plan:
    """What a search does.

    Args:
        method: one of METHODS.
        trials: finished ones that the study is to have.
        seed: of what is drawn.
        fixed: hyper-parameters of the space that keep one value.
        rounds: of `coarse-to-fine`.
        points: of each range in a grid.
        heartbeat: seconds between a running trial's signs of life.
    """

    method: str
    trials: int
    seed: int = 0
    fixed: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rounds: int = 3
    points: int = 3
    heartbeat: int = HEARTBEAT_S


class Surplus(Exception):
    """Other processes began a trial for the same place a moment earlier."""


class Search:
    """One process's part in a study.

    Args:
        study: it may be in use by others.
        subject: what is tuned.
        watcher: is told.
    """

    def __init__(self, study: optuna.Study, subject: Subject, plan: Plan, watcher: Watcher | None = None):
        self.study, self.subject, self.plan, self.watcher = study, subject, plan, watcher or Watcher()
        self.unusable: Unusable | None = None
        self.grid = grid_of(subject.space, plan.fixed, plan.points) if plan.method == "grid" else None
        self.number: int | None = None  # of the trial that this process runs or has run last
        if plan.method == "coarse-to-fine" and ROUNDS not in study.user_attrs:
            study.set_user_attr(ROUNDS, max(1, -(-plan.trials // plan.rounds)))
        study.sampler = sampler(
            plan.method, subject.space, plan.seed, plan.fixed, self.part, plan.points, self.has_place
        )

    def run(self) -> None:
        """Trials until there are as many as were asked for, or the grid has no more points.

        Raises:
            RefkitError: what the subject gives is of no use in any trial.
        """
        now = look(self.study)
        self.watcher.begin(self.plan.trials, len(now.finished))
        quiet_since = time.monotonic()
        while len(now.finished) < self.plan.trials:
            places = self.places(now)
            if now.waiting or not self.is_full(places):
                now = self.one()
                quiet_since = time.monotonic()
                continue
            quiet_for = time.monotonic() - quiet_since
            others = [held for held in places.values() if not is_settled(held)]
            if not others or quiet_for > self.patience(now):
                return
            if quiet_for > SILENT * self.plan.heartbeat and (lost := next(filter(is_forsaken, others), None)):
                put_back(self.study, lost[-1])
            before, now = now, self.wait(len(others))
            if (len(now.finished), len(now.running)) != (len(before.finished), len(before.running)):
                quiet_since = time.monotonic()

    def try_values(self, values: dict[str, Any]) -> FrozenTrial:
        """One trial at given values, whatever has been tried; trials that wait go first.

        Args:
            values: of every hyper-parameter, in the space.
        """
        self.plan.trials = EVERY
        self.watcher.begin(1, 0)
        self.study.enqueue_trial(values)
        number = look(self.study).waiting[-1].number
        while not (trial := look(self.study).trials[number]).state.is_finished():
            if trial.state == optuna.trial.TrialState.WAITING:
                self.one()
            else:
                self.wait(1)  # another process has it
        return trial

    def wait(self, count: int) -> Look:
        """A moment, for trials of others; those of killed processes are enqueued again."""
        self.watcher.waits(count)
        time.sleep(LOOK_S)
        with quiet():
            optuna.storages.fail_stale_trials(self.study)
        return look(self.study)

    def places(self, now: Look) -> Places:
        return places_of(now.trials, beats(self.study._storage))

    def is_full(self, places: Places) -> bool:
        """Whether every trial that is wanted has its place, or every point of the grid."""
        return len(places) >= self.plan.trials or (
            self.grid is not None and count_points(places, self.grid) >= size_of(self.grid)
        )

    def patience(self, now: Look) -> float:
        """Seconds to wait for trials of others: far longer than any has taken."""
        longest = max((trial.duration.total_seconds() for trial in now.finished if trial.duration), default=0.0)
        return 3 * longest + (SILENT + 2) * self.plan.heartbeat

    def one(self) -> Look:
        """One trial, counted if it comes to its end, and what there is then."""
        self.number = None
        try:
            with quiet():
                self.study.optimize(self.objective, n_trials=1, catch=(Exception,))
        except Exception:
            now = look(self.study)
            if self.number is None or not now.trials[self.number].state.is_finished():
                raise
            return now  # it was silent too long: another process has taken it for dead and enqueued it again
        except BaseException:
            with contextlib.suppress(Exception):
                self.put_back_mine()
            raise
        if self.unusable is not None:
            raise self.unusable
        now = look(self.study)
        last = now.trials[self.number]
        if counts(last):
            self.watcher.ended(len(now.finished), last)
            return now
        self.put_back_mine()
        return look(self.study)

    def put_back_mine(self) -> None:
        """Enqueue again the trial that was interrupted."""
        last = look(self.study).trials[self.number] if self.number is not None else None
        if last is not None and is_forsaken([last]) and SURPLUS not in last.user_attrs:
            put_back(self.study, last)

    def objective(self, trial: optuna.Trial) -> float:
        """A trial as optuna runs it."""
        self.number = trial.number
        if self.is_surplus(trial.number):
            trial.set_user_attr(SURPLUS, True)
            raise Surplus
        try:
            with written_together():
                values = suggest(trial, self.subject.space)
            return self.subject.run(values, reporter(trial))
        except (optuna.TrialPruned, StorageInternalError):
            raise
        except (Exception, SystemExit) as error:
            trial.set_user_attr(REASON, reason(error))
            if isinstance(error, Unusable):
                self.unusable = error
            raise Failed from error

    def is_surplus(self, number: int) -> bool:
        """Whether a trial that was just begun has no place, or the point of a grid that another has."""
        if self.grid is None:
            return not self.has_place(number)
        now = look(self.study)
        trial = now.trials[number]
        if place_of(trial) != number or has_values(trial):
            return False
        before = [held[-1] for place, held in self.places(now).items() if place < number]
        theirs = {point_of(other) for other in before if other.system_attrs.get("search_space") == self.grid}
        return point_of(trial) is None or point_of(trial) in theirs

    def has_place(self, number: int) -> bool:
        """Whether there are fewer places before a trial than are wanted, or it has its place from elsewhere."""
        if number < self.plan.trials:
            return True
        now = look(self.study)
        trial = now.trials[number]
        return place_of(trial) != number or has_values(trial) or self.before(number, now) < self.plan.trials

    def before(self, number: int, now: Look) -> int:
        """How many places were there before a trial."""
        return sum(place < number for place in self.places(now))

    def part(self, trial: int) -> Space:
        """What of the space is searched by the trial of that number: all of it in the first round."""
        found = self.subject.space
        for number in range(2, self.round_of(trial) + 1):
            found = self.narrowing(number, found).space
        return found

    def narrowing(self, number: int, before: Space) -> Narrowing:
        """That before a round; whichever process is there first keeps it for the others."""
        kept = narrowing.kept(self.study, self.subject.space).get(number)
        if kept is None:
            kept = narrowing.narrow(before, finished(self.study), self.subject.direction)
            narrowing.keep(self.study, number, kept)
        return kept

    def round_of(self, trial: int) -> int:
        """In which round a trial is, from 1: by the places before it."""
        size = self.study.user_attrs[ROUNDS]
        return 1 if trial < size else min(self.before(trial, look(self.study)) // size, self.plan.rounds - 1) + 1


class Failed(Exception):
    """The trial failed, for the reason that it keeps."""


def reason(error: BaseException) -> str:
    """Why a trial failed, in one sentence."""
    return str(error) if isinstance(error, Diverged | RefkitError) else say_error(error)


def reporter(trial: optuna.Trial) -> Callable[[float, int], None]:
    """Tells optuna's pruner of a value on the way; where there is none, nothing is kept, as that takes longer than a short epoch.

    Raises:
        optuna.TrialPruned: the trial is not worth going on with.
    """

    def report(value: float, step: int) -> None:
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    return (lambda value, step: None) if isinstance(trial.study.pruner, NopPruner) else report


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without optuna's warnings on what is experimental, or on values given by hand."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="optuna")
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
