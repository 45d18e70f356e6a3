"""Two worker processes on one study, one of them killed: no finished trial is lost, and all that were asked for come to their end."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from refkit.tuning.storages import open_url
from refkit.tuning.studies import finished

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 12
SERVER = os.environ.get("REFKIT_TEST_STORAGE")  # postgresql://user:password@host/name, or another database's
ON_SERVER = pytest.mark.skipif(SERVER is None, reason="needs a database's URL in REFKIT_TEST_STORAGE")
# Each process waits until all have begun; one that is to be killed holds still in its third trial.
SLOW = """
import os, pathlib, time
SPACE = {"x": (0.0, 1.0), "kind": ["a", "b"]}
METRIC = "loss"
BEGUN, WORKERS, HELD = pathlib.Path(os.environ["BEGUN"]), int(os.environ["WORKERS"]), int(os.environ["HELD"])
def train(x, kind):
    with BEGUN.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    while len({*BEGUN.read_text().split()}) < WORKERS:
        time.sleep(0.01)
    time.sleep(60 if BEGUN.read_text().split().count(str(os.getpid())) == HELD else 0.05)
    return x
"""


def worker(
    folder: Path, url: str, *words: str, name: str = "shared", workers: int = 1, held: int = 0
) -> subprocess.Popen:
    (folder / "slow.py").write_text(SLOW)
    command = [sys.executable, "scripts/tune.py", str(folder / "slow.py"), "--trials", str(TRIALS), "--heartbeat", "1"]
    return subprocess.Popen(
        [*command, "--storage", url, "--name", name, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BEGUN": str(folder / "begun"), "WORKERS": str(workers), "HELD": str(held)},
    )


def begun_by(folder: Path, process: subprocess.Popen) -> int:
    file = folder / "begun"
    return file.read_text().split().count(str(process.pid)) if file.exists() else 0


def kill_in_trial(folder: Path, process: subprocess.Popen, number: int) -> None:
    while begun_by(folder, process) < number and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("method", ["random", "grid"])
@pytest.mark.parametrize("server", [False, pytest.param(True, marks=ON_SERVER)], ids=["file", "server"])
def test_a_killed_worker_loses_nothing(method, server, tmp_path):
    url = SERVER if server else f"sqlite:///{tmp_path / 'shared.db'}"
    words, name = ("--method", method, "--points", str(TRIALS // 2)), f"{method} {uuid.uuid4()}"
    killed = worker(tmp_path, url, *words, name=name, workers=2, held=3)
    other = worker(tmp_path, url, *words, name=name, workers=2)
    kill_in_trial(tmp_path, killed, 3)
    study = optuna.load_study(study_name=name, storage=open_url(url))
    before = {trial.number: trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))}
    text, errors = other.communicate(timeout=120)
    assert other.returncode == 0, errors
    after = {trial.number: trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))}
    assert len(before) >= 2 and before.items() <= after.items()
    assert len(finished(study)) == len(after) == TRIALS
    assert not study.get_trials(states=(TrialState.RUNNING,))
    lost = [trial for trial in study.get_trials(states=(TrialState.FAIL,)) if trial.params]
    assert len(lost) == 1  # what the killed one had in hand was done again
    assert [trial for trial in study.trials if trial.number in after and trial.params == lost[0].params]
    if method == "grid":
        assert len({(trial.params["x"], trial.params["kind"]) for trial in finished(study)}) == TRIALS
    assert f"{TRIALS} trials" in text.splitlines()[0] and text.splitlines()[-1].startswith("next: ")


def test_a_study_that_was_killed_goes_on_where_it_was(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    kill_in_trial(tmp_path, worker(tmp_path, url, held=4), 4)
    with sqlite3.connect(tmp_path / "shared.db") as kept:
        done = {number for (number,) in kept.execute("select number from trials where state = 'COMPLETE'")}
    assert done == {0, 1, 2}
    second = worker(tmp_path, url)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    study = optuna.load_study(study_name="shared", storage=open_url(url))
    assert len(finished(study)) == TRIALS and done <= {trial.number for trial in finished(study)}
    assert begun_by(tmp_path, second) == TRIALS - len(done)


OPENING = """
import sys, time
from refkit.tuning.storages import open_url
from refkit.tuning.studies import open_study
from refkit.tuning.subject import Subject
from refkit.tuning.spaces import Range
open_url("sqlite:///" + sys.argv[1] + "/first" + sys.argv[3])  # what is imported on first use
for number in range(8):
    while time.time() < float(sys.argv[2]) + number / 2:
        pass
    storage = open_url(f"sqlite:///{sys.argv[1]}/{number}.db")
    open_study(Subject("made", {"x": Range(0.0, 1.0)}, "loss", "lower", {}, None), storage, "made", "it")
"""


def test_processes_may_make_one_study_at_the_same_moment(tmp_path):
    began = str(time.time() + 8)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, str(tmp_path), began, str(which)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for which in range(2)
    ]
    for process in workers:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
