"""A study in a database, as SQLAlchemy opens it: a SQLite file, or PostgreSQL or MySQL on a server, for many machines."""

import re
import sqlite3
import time
import warnings
from typing import Any

import optuna
import sqlalchemy
import sqlalchemy.exc
from optuna.storages import BaseStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial

from refkit.tuning.database_storage import Database

HEARTBEAT_S = 10  # a running trial's sign of life
SILENT = 3  # heartbeats left out, after which its process counts as dead
TRIES = 50  # to open a database that others are opening
BEING_MADE = re.compile(
    "already exists|locked|unique|duplicate", re.IGNORECASE
)  # another process makes the same tables
LOCKED_S = 60  # how long to wait for another process that writes to the same SQLite file
CONNECT_S = 10  # how long to wait for a server


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


def put_back(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a trial again whose process is gone, at the values that it had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        RetryHeartbeatStaleTrialCallback()(study, trial)
