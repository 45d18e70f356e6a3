"""Where a study is kept: a SQLite file by default, or any storage that optuna has, so that machines can share it."""

import hashlib
import os
import re
import sqlite3
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy
import sqlalchemy.exc
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend

from refkit.errors import RefkitError
from refkit.process import cache_folder

HEARTBEAT_S = 10  # a running trial's sign of life
SILENT = 3  # heartbeats left out, after which its process counts as dead
TRIES = 50  # to open a database that others are opening
BEING_MADE = re.compile(
    "already exists|locked|unique|duplicate", re.IGNORECASE
)  # another process makes the same tables
MAGIC = b"SQLite format 3"
LOCKED_S = 60  # how long to wait for another process that writes to the same SQLite file


class Database(RDBStorage):
    """optuna's storage in a database, in which a trial counts as silent, too, that never gave any sign of life.

    optuna leaves such a trial running for ever: its process was killed between the trial's beginning and the first sign.
    """

    def __init__(self, *given: Any, **named: Any):
        super().__init__(*given, **named)
        self.never_heard: dict[
            int, float
        ] = {}  # by trial, since when; by this process's clock, as machines' clocks differ

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        with self.engine.connect() as connection:
            silent = connection.scalars(NEVER_HEARD, {"study": study_id}).all()
        now = time.monotonic()
        self.never_heard = {trial: self.never_heard.get(trial, now) for trial in silent}
        gone = [trial for trial, since in self.never_heard.items() if now - since > self.grace_period]
        return super()._get_stale_trial_ids(study_id) + gone


NEVER_HEARD = sqlalchemy.text(
    "SELECT trials.trial_id FROM trials LEFT JOIN trial_heartbeats ON trials.trial_id = trial_heartbeats.trial_id "
    "WHERE trials.study_id = :study AND trials.state = 'RUNNING' AND trial_heartbeats.trial_id IS NULL"
)


def default_file(name: str) -> Path:
    """In the user's cache: one file for each thing that is tuned, told apart by the folder it is tuned in.

    Args:
        name: `mlp on breast_cancer`, or `my.py:train`.
    """
    place = str(Path.cwd()) if ".py" in name else ""
    mark = f"-{hashlib.sha256(place.encode()).hexdigest()[:8]}" if place else ""
    return cache_folder() / "studies" / (re.sub(r"[^\w.]+", "-", name).strip("-.") + mark + ".db")


def open_file(file: Path, heartbeat: int = HEARTBEAT_S) -> BaseStorage:
    """A SQLite file, made where there is none.

    Raises:
        RefkitError: it cannot be written, or is something else.
    """
    if file.is_dir():
        raise RefkitError(f"`{file}` is a folder: name a file for the study, as in `{file / 'study.db'}`")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.open("rb").read(len(MAGIC)) not in (MAGIC, b""):
            raise RefkitError(f"`{file}` is no study: name another file by `--study`")
    except OSError as error:
        raise RefkitError(
            f"`{file}` cannot be had: {error.strerror or error}; name another file by `--study`"
        ) from error
    return open_url(f"sqlite:///{file.absolute()}", heartbeat, str(file))


def connect(file: str) -> sqlite3.Connection:
    """A connection that writes ahead: a kill loses nothing that was committed, and a commit waits for no disk.

    With SQLite's own defaults the waiting is half of what a search takes beside its trials.
    """
    connection = sqlite3.connect(file, timeout=LOCKED_S, check_same_thread=False)  # SQLAlchemy's pool hands it on
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def open_url(url: str, heartbeat: int = HEARTBEAT_S, shown: str = "") -> BaseStorage:
    """Any storage of optuna's by its URL: a database as SQLAlchemy names it, `journal:FILE`, `redis://…`, `grpc://host:port`.

    Raises:
        RefkitError: it cannot be reached, or its driver is not installed.
    """
    kind = re.match(r"[a-z0-9+]*", url)[0].partition("+")[0]
    shown = shown or without_password(url)
    opener: Callable[[str, int], BaseStorage] = OPENERS.get(kind, open_database)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return opener(url, heartbeat)
        except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError) as error:
            raise RefkitError(
                f"`--storage {shown}` is no storage: give it as `postgresql://user:password@host/name`, `mysql+pymysql://…`, "
                "`sqlite:///file.db`, `journal:file.log`, `redis://…` or `grpc://host:port`"
            ) from error
        except ImportError as error:
            lacking = getattr(error.__cause__, "name", None) or getattr(error, "name", None) or "its driver"
            raise RefkitError(
                f"`--storage {shown}` needs `{lacking}`, which is not installed: install it with pip"
            ) from error
        except (sqlalchemy.exc.SQLAlchemyError, RuntimeError, ValueError, OSError) as error:
            first = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
            raise RefkitError(f"the study's storage `{shown}` cannot be opened: {first}") from error


def without_password(url: str) -> str:
    """A storage as it may be shown.

    >>> without_password("postgresql://me:secret@there/db")
    'postgresql://…@there/db'
    """
    return re.sub(r"//[^/@]*@", "//…@", url)


def open_database(url: str, heartbeat: int) -> BaseStorage:
    local = {"pool_pre_ping": True}
    if url.startswith("sqlite:///") and "?" not in url:
        local = {"creator": lambda: connect(url.removeprefix("sqlite:///"))}
    how = dict(heartbeat_interval=heartbeat, grace_period=SILENT * heartbeat, heartbeat_stale_trial_callback=put_back)
    for left in reversed(range(TRIES)):
        try:
            return optuna.storages.get_storage(Database(url, engine_kwargs=local, **how))
        except sqlalchemy.exc.DBAPIError as error:
            if not left or not BEING_MADE.search(str(error.orig)):
                raise
            time.sleep(0.2)
    raise AssertionError("the last try returns or raises")


def open_journal(url: str, heartbeat: int) -> BaseStorage:
    return JournalStorage(JournalFileBackend(os.path.expanduser(url.partition(":")[2].removeprefix("//"))))


def open_redis(url: str, heartbeat: int) -> BaseStorage:
    return JournalStorage(JournalRedisBackend(url))


def open_grpc(url: str, heartbeat: int) -> BaseStorage:
    host, _, port = url.partition("://")[2].partition(":")
    return optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))


OPENERS = {"journal": open_journal, "redis": open_redis, "rediss": open_redis, "grpc": open_grpc}


def put_back(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Enqueue a trial again whose process is gone, at the values that it had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        RetryHeartbeatStaleTrialCallback()(study, trial)


def beats(storage: BaseStorage) -> bool:
    """Whether its running trials give signs of life, so that those of a killed process are told from others."""
    get = getattr(storage, "get_heartbeat_interval", None)
    return get is not None and get() is not None
