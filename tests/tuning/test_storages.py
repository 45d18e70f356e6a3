"""Where a study is kept: what is said of a storage that cannot be had, and what is done when one is away for a while."""

import sys
import types

import optuna
import pytest
import sqlalchemy
from optuna.exceptions import StorageInternalError

from refkit.commands.tune import keeping
from refkit.errors import RefkitError
from refkit.results.record import LOWER
from refkit.tuning.search import Plan, Search
from refkit.tuning.spaces import Range
from refkit.tuning.storages import open_url, without_password
from refkit.tuning.studies import REASON, finished, open_study
from refkit.tuning.subject import Subject

NO_STORAGE = (
    "is no storage: give it as `postgresql://user:password@host/name`, `mysql+pymysql://user:password@host/name`, "
    "`sqlite:///file.db`, `journal:file.log`, `redis://…` or `grpc://host:port`"
)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", f"`--storage ` {NO_STORAGE}"),
        ("mongodb://me:secret@there/db", f"`--storage mongodb://…@there/db` {NO_STORAGE}"),
        ("postgresql://me:secret@there:port/db", f"`--storage postgresql://…@there:port/db` {NO_STORAGE}"),
        ("mysql+pymysql://me:secret@there", f"`--storage mysql+pymysql://…@there` {NO_STORAGE}"),
        (
            "mysql://me:secret@there/db",
            "`--storage mysql://…@there/db` needs `MySQLdb`, which is not installed: install it with "
            "`pip install mysqlclient`",
        ),
        (
            "journal:/no/such/folder/study.log",
            "the study's storage `journal:/no/such/folder/study.log` cannot be opened: [Errno 2] No such file or directory: "
            "'/no/such/folder/study.log'",
        ),
    ],
)
def test_a_storage_that_cannot_be_had_is_one_sentence(url, sentence):
    with pytest.raises(RefkitError) as caught:
        open_url(url)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("password", ["secret", "se/cr:et", "s@cr@t", "%40{x}"])
def test_no_part_of_a_password_is_shown(password):
    assert without_password(f"mysql+pymysql://me:{password}@there:1/db?charset=utf8") == (
        "mysql+pymysql://…@there:1/db?charset=utf8"
    )
    for name in ("password", "passwd"):
        shown = without_password(f"mysql+pymysql://there/db?user=me&{name}={password}&charset=utf8")
        assert shown == f"mysql+pymysql://there/db?user=me&{name}=…&charset=utf8"


def test_braces_in_a_url_are_no_template(tmp_path):
    open_url(f"sqlite:///{tmp_path / '{x}.db'}")
    assert (tmp_path / "{x}.db").exists()


def test_what_a_driver_raises_is_one_sentence(monkeypatch):
    redis = types.ModuleType("redis")
    redis.RedisError = type("RedisError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "redis", redis)
    with pytest.raises(RefkitError) as caught, keeping("redis://there"):
        raise redis.RedisError("Connection refused.\nmore")
    assert str(caught.value).startswith("the study in `redis://there` cannot be written: Connection refused; what was")


def test_a_sign_of_life_that_is_lost_is_not_the_last(tmp_path):
    storage = open_url(f"sqlite:///{tmp_path / 'a.db'}", heartbeat=1)
    trial = optuna.create_study(storage=storage).ask()
    with storage._backend.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE trial_heartbeats RENAME TO away"))
    storage.record_heartbeat(trial._trial_id)
    with storage._backend.engine.begin() as connection:
        connection.execute(sqlalchemy.text("ALTER TABLE away RENAME TO trial_heartbeats"))
    storage.record_heartbeat(trial._trial_id)
    with storage._backend.engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT COUNT(*) FROM trial_heartbeats")) == 1


def test_a_storage_that_was_away_in_a_trial_is_no_failure_of_the_trial(tmp_path):
    calls = []

    def run(values, report):
        calls.append(values)
        if len(calls) == 2:
            raise StorageInternalError("server closed the connection")
        return values["rate"]

    subject = Subject("made", {"rate": Range(0.0, 1.0)}, "loss", LOWER, {}, run)
    study, _ = open_study(subject, open_url(f"sqlite:///{tmp_path / 'a.db'}"), "made", "a.db")
    Search(study, subject, Plan("random", 3)).run()
    assert len(finished(study)) == 3 and calls[2] == calls[1]
    assert not any(REASON in trial.user_attrs for trial in study.trials)
