"""A study: made, or gone on with where it is one of the same search."""

import dataclasses
import time
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from refkit.errors import RefkitError
from refkit.tuning.spaces import words_of
from refkit.tuning.subject import Subject

REASON = "reason"  # why a trial failed; one that was interrupted has none, and does not count
PRUNERS = {
    "none": lambda: optuna.pruners.NopPruner(),
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(),
}


def open_study(
    subject: Subject, storage: BaseStorage, name: str, where: str, pruner: str = "none"
) -> tuple[optuna.Study, bool]:
    """The study of that name, and whether it is new.

    Args:
        where: the storage, for sentences.

    Raises:
        RefkitError: there is one of another search.
    """
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    how = dict(storage=storage, study_name=name, pruner=PRUNERS[pruner]())
    try:
        study, new = optuna.create_study(direction=subject.direction, **how), True
    except optuna.exceptions.DuplicatedStudyError:
        study, new = optuna.load_study(**how), False
    said = {"space": words_of(subject.space), "metric": subject.metric, "direction": subject.direction}
    said |= {"settings": subject.settings}
    if new:
        study.set_user_attr("search", said)
        return study, True
    require_same(study, said, name, where)
    return study, False


def require_same(study: optuna.Study, said: dict[str, Any], name: str, where: str) -> None:
    """Raises:
    RefkitError: the study searches something else.
    """
    kept = kept_of(study)
    if kept == said:
        return
    if kept is None:
        raise RefkitError(
            f"the study `{name}` in `{where}` is none of refkit's: give another file by `--study`, or `--name`"
        )
    cure = "go on with what it has, or begin another by `--study FILE` or `--name NAME`"
    for part in ("metric", "direction"):
        if kept[part] != said[part]:
            raise RefkitError(
                f"the study `{name}` in `{where}` has the {part} `{kept[part]}`, not `{said[part]}`: {cure}"
            )
    ours, theirs = said["space"], kept["space"]
    for key in sorted(set(ours) ^ set(theirs)):
        which = f"`{key}`, which this search has not" if key in theirs else f"no `{key}`"
        raise RefkitError(f"the study `{name}` in `{where}` is of other parameters: it has {which}; {cure}")
    for key in ours:
        if ours[key] != theirs[key]:
            raise RefkitError(
                f"the study `{name}` in `{where}` is of other parameters: it has `{key}={theirs[key]}`, not `{ours[key]}`; {cure}"
            )
    others = sorted(
        key for key in said["settings"] | kept["settings"] if said["settings"].get(key) != kept["settings"].get(key)
    )
    raise RefkitError(f"the study `{name}` in `{where}` was made with another `{others[0]}`: {cure}")


def kept_of(study: optuna.Study) -> dict[str, Any] | None:
    """What the study searches; another process may just be making it."""
    for _ in range(50):
        if "search" in study.user_attrs or study.get_trials(deepcopy=False):
            break
        time.sleep(0.1)
    return study.user_attrs.get("search")


def counts(trial: FrozenTrial) -> bool:
    """Whether a trial is finished: trained, pruned, or failed of itself; not one whose process was stopped."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or failed(trial)


def failed(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.FAIL and REASON in trial.user_attrs


@dataclasses.dataclass(frozen=True)
class Look:
    """The trials of a study at one moment, by number.

    Args:
        trials: all, whatever became of them.
        finished: those that count.
        running: of this process or of others.
        waiting: enqueued ones that nobody has begun.
    """

    trials: tuple[FrozenTrial, ...]
    finished: tuple[FrozenTrial, ...]
    running: tuple[FrozenTrial, ...]
    waiting: tuple[FrozenTrial, ...]


def look(study: optuna.Study) -> Look:
    trials = study.get_trials(deepcopy=False)
    of = lambda state: tuple(trial for trial in trials if trial.state == state)
    return Look(tuple(trials), tuple(filter(counts, trials)), of(TrialState.RUNNING), of(TrialState.WAITING))


def finished(study: optuna.Study) -> tuple[FrozenTrial, ...]:
    """The trials that count, by number."""
    return look(study).finished
