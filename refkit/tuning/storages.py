"""Where a study is kept: a SQLite file by default, or any storage that optuna has, so that machines can share it."""

import hashlib
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import optuna
import sqlalchemy.exc
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalRedisBackend

from refkit.errors import RefkitError
from refkit.process import cache_folder
from refkit.tuning.databases import HEARTBEAT_S, open_database

MAGIC = b"SQLite format 3"
PACKAGES = {"MySQLdb": "mysqlclient", "psycopg": "'psycopg[binary]'", "grpc": "grpcio"}  # that are called otherwise
DRIVERS_ERRORS = (("redis", "RedisError"), ("grpc", "RpcError"))
ERRORS = (StorageInternalError, sqlalchemy.exc.SQLAlchemyError, OSError)  # of a storage that cannot be reached


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
        except (sqlalchemy.exc.ArgumentError, sqlalchemy.exc.NoSuchModuleError, ValueError) as error:
            raise RefkitError(
                f"`--storage {shown}` is no storage: give it as `postgresql://user:password@host/name`, "
                "`mysql+pymysql://user:password@host/name`, `sqlite:///file.db`, `journal:file.log`, `redis://…` or "
                "`grpc://host:port`"
            ) from error
        except ImportError as error:
            lacking = getattr(error.__cause__, "name", None) or error.name
            if lacking is None:
                raise RefkitError(f"the study's storage `{shown}` cannot be opened: {first_line(error)}") from error
            raise RefkitError(
                f"`--storage {shown}` needs `{lacking}`, which is not installed: "
                f"install it with `pip install {PACKAGES.get(lacking, lacking)}`"
            ) from error
        except (*errors(), RuntimeError) as error:
            raise RefkitError(f"the study's storage `{shown}` cannot be opened: {first_line(error)}") from error


def without_password(url: str) -> str:
    """A storage as it may be shown, even where the password has characters that are not encoded.

    >>> without_password("postgresql://me:secret@there/db")
    'postgresql://…@there/db'
    >>> without_password("postgresql://there/db?user=me&password=se/cr@t")
    'postgresql://there/db?user=me&password=…'
    """
    shown = re.sub(r"(?<=[?&])(passw(?:or)?d=)[^&]*", r"\1…", url)
    return re.sub(r"//.*@", "//…@", shown)


def errors() -> tuple[type[BaseException], ...]:
    """What storages raise that cannot be reached; of drivers that may not be installed those that are in use."""
    theirs = (getattr(sys.modules.get(module), name, None) for module, name in DRIVERS_ERRORS)
    return (*ERRORS, *filter(None, theirs))


def first_line(error: BaseException) -> str:
    """What a storage's driver says, without what it adds below."""
    cause = error.__cause__ or error
    said = cause.details() if hasattr(cause, "details") else getattr(cause, "orig", None) or cause
    return str(said).strip().splitlines()[0].rstrip(".")


def open_journal(url: str, heartbeat: int) -> BaseStorage:
    return JournalStorage(JournalFileBackend(os.path.expanduser(url.partition(":")[2].removeprefix("//"))))


def open_redis(url: str, heartbeat: int) -> BaseStorage:
    return JournalStorage(JournalRedisBackend(url))


def open_grpc(url: str, heartbeat: int) -> BaseStorage:
    host, _, port = url.partition("://")[2].partition(":")
    return optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))


OPENERS = {"journal": open_journal, "redis": open_redis, "rediss": open_redis, "grpc": open_grpc}


def beats(storage: BaseStorage) -> bool:
    """Whether its running trials give signs of life, so that those of a killed process are told from others."""
    get = getattr(storage, "get_heartbeat_interval", None)
    return get is not None and get() is not None
