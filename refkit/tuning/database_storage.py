"""optuna's storage in a database, with fewer statements for a trial, and with no trial that is left running for ever."""

import contextlib
import contextvars
import copy
import math
import time
from collections.abc import Container, Iterator
from typing import Any

import sqlalchemy
import sqlalchemy.exc
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

NEVER_HEARD = sqlalchemy.text(
    "SELECT trials.trial_id FROM trials LEFT JOIN trial_heartbeats ON trials.trial_id = trial_heartbeats.trial_id "
    "WHERE trials.study_id = :study AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL"
)
NEWER = sqlalchemy.text("SELECT trial_id FROM trials WHERE study_id = :study AND trial_id > :last")
STATE = sqlalchemy.text("SELECT state FROM trials WHERE trial_id = :trial_id")
PARAMETER = sqlalchemy.text(
    "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
    "VALUES (:trial_id, :param_name, :param_value, :distribution_json)"
)
WAITING: contextvars.ContextVar[list[tuple["Database", dict[str, Any]]] | None]
WAITING = contextvars.ContextVar("parameters that are to be written together", default=None)


@contextlib.contextmanager
def written_together() -> Iterator[None]:
    """The parameters that a trial draws in here are written in one transaction at the end, in a database.

    optuna takes a transaction for each, which is a fifth of what a search by `bayes` takes beside its trials.

    Raises:
        StorageInternalError: the database cannot be reached.
        UpdateFinishedTrialError: another process has ended the trial.
    """
    before = WAITING.set([])
    try:
        yield
        waiting = WAITING.get()
    finally:
        WAITING.reset(before)
    for database in {id(database): database for database, _ in waiting}.values():
        database.write([row for owner, row in waiting if owner is database])


@contextlib.contextmanager
def said_as_optuna_does() -> Iterator[None]:
    """A database that cannot be reached raises what it raises in optuna's own statements.

    Raises:
        StorageInternalError: it cannot.
    """
    try:
        yield
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise StorageInternalError(f"the study's database does not answer: {error}") from error


class Database(RDBStorage):
    """optuna's storage in a database, in which a trial counts as silent, too, that never gave any sign of life.

    optuna leaves such a trial running for ever: its process was killed between the trial's beginning and the first sign.
    """

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self.never_heard: dict[
            int, float
        ] = {}  # by trial, since when; by this process's clock, as machines' clocks differ
        self.asked = -math.inf  # when silent trials were last looked for
        self.begun: FrozenTrial | None = None  # the trial that was made last, until it is asked for
        self.mine: int | None = None  # that trial

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        made = super()._create_new_trial(study_id, template_trial)
        self.begun = made if template_trial is None else None
        self.mine = made._trial_id if template_trial is None else None
        return made

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial; that which this process has just made is known, where optuna reads it back by six statements."""
        begun, self.begun = self.begun, None
        return (
            copy.deepcopy(begun) if begun is not None and begun._trial_id == trial_id else super().get_trial(trial_id)
        )

    def _get_trials(
        self, study_id: int, states: Container | None, included_trial_ids: set[int], trial_id_greater_than: int
    ) -> list[FrozenTrial]:
        """What others may have changed; nothing where a trial draws its values and there is none newer than itself."""
        if WAITING.get() is not None and not any(one <= trial_id_greater_than for one in included_trial_ids):
            with said_as_optuna_does(), self.engine.connect() as connection:
                newer = connection.scalars(NEWER, {"study": study_id, "last": trial_id_greater_than}).all()
            if newer == [self.mine]:
                return []
        return super()._get_trials(study_id, states, included_trial_ids, trial_id_greater_than)

    def _set_trial_param(
        self, trial_id: int, param_name: str, value: float, distribution: BaseDistribution, *more: Any
    ) -> None:
        waiting = WAITING.get()
        if waiting is None:
            super()._set_trial_param(trial_id, param_name, value, distribution, *more)
            return
        row = {"trial_id": trial_id, "param_name": param_name, "param_value": float(value)}
        waiting.append((self, row | {"distribution_json": distribution_to_json(distribution)}))

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Keep parameters of one trial."""
        with said_as_optuna_does(), self.engine.begin() as connection:
            state = connection.scalar(STATE, {"trial_id": rows[0]["trial_id"]})
            if state != "RUNNING":
                raise UpdateFinishedTrialError(f"the trial's parameters cannot be kept: it is {state}")
            connection.execute(PARAMETER, rows)

    def record_heartbeat(self, trial_id: int) -> None:
        """A sign of life; one that does not get through, as while the server starts anew, is one left out, not the last."""
        with contextlib.suppress(StorageInternalError):
            super().record_heartbeat(trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        """Trials that are silent; looked for ten times a heartbeat at most, where optuna looks before every trial."""
        now = time.monotonic()
        if now - self.asked < self.heartbeat_interval / 10:
            return []
        self.asked = now
        with self.engine.connect() as connection:
            silent = connection.scalars(NEVER_HEARD, {"study": study_id}).all()
        self.never_heard = {trial: self.never_heard.get(trial, now) for trial in silent}
        gone = [trial for trial, since in self.never_heard.items() if now - since > self.grace_period]
        return super()._get_stale_trial_ids(study_id) + gone
