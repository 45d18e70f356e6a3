"""Two worker processes on one study, one of them killed: no finished trial is lost, and all that were asked for come to their end."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from refkit.tuning.storages import open_url
from refkit.tuning.studies import finished

ROOT = Path(__file__).resolve().parents[2]
TRIALS = 16
SLOW = """
import os, time
SPACE = {"x": (0.0, 1.0), "kind": ["a", "b"]}
METRIC = "loss"
def train(x, kind):
    with open(os.environ["BEGUN"], "a") as file:
        file.write(f"{os.getpid()} {x}\\n")
    time.sleep(0.2)
    return x
"""


def worker(folder: Path, url: str, *words: str) -> subprocess.Popen:
    command = [sys.executable, "scripts/tune.py", str(folder / "slow.py"), "--trials", str(TRIALS), "--heartbeat", "1"]
    return subprocess.Popen(
        [*command, "--storage", url, "--name", "shared", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BEGUN": str(folder / "begun")},
    )


def begun_by(folder: Path, process: subprocess.Popen) -> int:
    file = folder / "begun"
    lines = file.read_text().splitlines() if file.exists() else []
    return sum(line.startswith(f"{process.pid} ") for line in lines)


@pytest.mark.parametrize("method", ["random", "grid"])
def test_a_killed_worker_loses_nothing(method, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    words = ("--method", method, "--points", "8")
    killed, other = worker(tmp_path, url, *words), worker(tmp_path, url, *words)
    while min(begun_by(tmp_path, killed), begun_by(tmp_path, other)) < 2 and killed.poll() is None:
        time.sleep(0.02)
    count = begun_by(tmp_path, killed)
    while begun_by(tmp_path, killed) == count and killed.poll() is None:
        time.sleep(0.01)  # so that it has just begun one
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    study = optuna.load_study(study_name="shared", storage=open_url(url))
    before = {trial.number: trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))}
    text, errors = other.communicate(timeout=120)
    assert other.returncode == 0, errors
    after = {trial.number: trial.value for trial in study.get_trials(states=(TrialState.COMPLETE,))}
    assert before and before.items() <= after.items()
    assert len(finished(study)) == len(after) == TRIALS
    assert not study.get_trials(states=(TrialState.RUNNING,))
    lost = [trial for trial in study.get_trials(states=(TrialState.FAIL,)) if trial.params]
    assert len(lost) == 1  # what the killed one had in hand was done again
    assert [trial for trial in study.trials if trial.number in after and trial.params == lost[0].params]
    if method == "grid":
        assert len({(trial.params["x"], trial.params["kind"]) for trial in finished(study)}) == TRIALS
    assert f"{TRIALS} trials" in text.splitlines()[0] and text.splitlines()[-1].startswith("next: ")


def test_a_study_that_was_killed_goes_on_where_it_was(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    first = worker(tmp_path, url)
    while begun_by(tmp_path, first) < 4 and first.poll() is None:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    with sqlite3.connect(tmp_path / "shared.db") as kept:
        done = {number for (number,) in kept.execute("select number from trials where state = 'COMPLETE'")}
    assert len(done) >= 3
    second = worker(tmp_path, url)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    study = optuna.load_study(study_name="shared", storage=open_url(url))
    assert len(finished(study)) == TRIALS and done <= {trial.number for trial in finished(study)}
    assert begun_by(tmp_path, second) == TRIALS - len(done)
