"""A study in a database, as SQLAlchemy opens it: a SQLite file, or PostgreSQL or MySQL on a server, for many machines."""

import contextlib
import re
import sqlite3
import time
import warnings
from typing import Any

import optuna
import sqlalchemy
import sqlalchemy.exc
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, RDBStorage, RetryHeartbeatStaleTrialCallback

HEARTBEAT_S = 10  # a running trial's sign of life
SILENT = 3  # heartbeats left out, after which its process counts as dead
TRIES = 50  # to open a database that others are opening
BEING_MADE = re.compile(
    "already exists|locked|unique|duplicate", re.IGNORECASE
)  # another process makes the same tables
LOCKED_S = 60  # how long to wait for another process that writes to the same SQLite file
CONNECT_S = 10  # how long to wait for a server
NEVER_HEARD = sqlalchemy.text(
    "SELECT trials.trial_id FROM trials LEFT JOIN trial_heartbeats ON trials.trial_id = trial_heartbeats.trial_id "
    "WHERE trials.study_id = :study AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL"
)


class Database(RDBStorage):
    """optuna's storage in a database, in which a trial counts as silent, too, that never gave any sign of life.

    optuna leaves such a trial running for ever: its process was killed between the trial's beginning and the first sign.
    """

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self.never_heard: dict[
            int, float
        ] = {}  # by trial, since when; by this process's clock, as machines' clocks differ

    def record_heartbeat(self, trial_id: int) -> None:
        """A sign of life; one that does not get through, as while the server starts anew, is one left out, not the last."""
        with contextlib.suppress(StorageInternalError):
            super().record_heartbeat(trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        with self.engine.connect() as connection:
            silent = connection.scalars(NEVER_HEARD, {"study": study_id}).all()
        now = time.monotonic()
        self.never_heard = {trial: self.never_heard.get(trial, now) for trial in silent}
        gone = [trial for trial, since in self.never_heard.items() if now - since > self.grace_period]
        return super()._get_stale_trial_ids(study_id) + gone


def connect(file: str) -> sqlite3.Connection:
    """A connection that writes ahead: a kill loses nothing that was committed, and a commit waits for no disk.

    With SQLite's own defaults the waiting is half of what a search takes beside its trials.
    """
    connection = sqlite3.connect(file, timeout=LOCKED_S, check_same_thread=False)  # SQLAlchemy's pool hands it on
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def open_database(url: str, heartbeat: int) -> BaseStorage:
    """The storage, with its tables made where there are none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, ValueError: the URL is none.
        ImportError: its driver is not installed.
        sqlalchemy.exc.DBAPIError, StorageInternalError: it cannot be reached.
    """
    how = dict(heartbeat_interval=heartbeat, grace_period=SILENT * heartbeat, heartbeat_stale_trial_callback=put_back)
    how["engine_kwargs"] = engine_of(url)
    for left in reversed(range(TRIES)):
        try:
            return optuna.storages.get_storage(Database(url.replace("{", "{{").replace("}", "}}"), **how))
        except sqlalchemy.exc.DBAPIError as error:
            if not left or not BEING_MADE.search(str(error.orig)):
                raise
            time.sleep(0.2)
    raise AssertionError("the last try returns or raises")


def engine_of(url: str) -> dict[str, Any]:
    """What SQLAlchemy's engine is told.

    Raises:
        sqlalchemy.exc.ArgumentError, ValueError: the URL is none, or lacks the database's name.
    """
    if url.startswith("sqlite:///") and "?" not in url:
        return {"creator": lambda: connect(url.removeprefix("sqlite:///"))}
    parts = sqlalchemy.make_url(url)
    server = parts.get_backend_name()
    if server in ("mysql", "mariadb") and not parts.database:
        raise ValueError("it names no database")
    # psycopg's own patience is above two minutes; pymysql's is as here
    waiting = {"connect_timeout": CONNECT_S} if server == "postgresql" and "connect_timeout" not in parts.query else {}
    return {"pool_pre_ping": True, "connect_args": waiting}


def put_back(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Enqueue a trial again whose process is gone, at the values that it had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        RetryHeartbeatStaleTrialCallback()(study, trial)
