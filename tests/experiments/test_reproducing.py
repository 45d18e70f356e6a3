"""Reproducing goes on where it was stopped, and gives the same numbers as if it never had been."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from refkit.experiments import reproducing
from refkit.experiments.seed_files import SeedFiles
from refkit.results import store
from refkit.results.record import Run
from tests.experiments.clouds import PROTOCOL
from tests.experiments.watched import Watched

ROOT = Path(__file__).resolve().parents[2]


def reproduce(tmp_path, seeds, protocol=PROTOCOL, **more):
    watched = Watched()
    found = reproducing.reproduce(protocol, seeds, watched, tmp_path / "runs", tmp_path / "results", **more)
    return found, watched


def test_every_seed_is_kept_with_its_curve_and_the_baselines(tmp_path):
    found, watched = reproduce(tmp_path, range(3))
    assert watched.finished == [0, 1, 2]
    kept = store.load("mlp", tmp_path / "results")["clouds"]
    np.testing.assert_allclose(kept.values, found.values, rtol=1e-5)
    assert found.curves.shape == (3, 2) and found.evaluated == ("epochs", (2.0, 4.0))
    assert set(found.baselines) == {"majority", "logistic-regression", "nearest-neighbours"}


def test_more_seeds_run_only_those_that_are_missing(tmp_path):
    reproduce(tmp_path, range(2))
    _, watched = reproduce(tmp_path, range(5))
    assert watched.wanted == watched.finished == [2, 3, 4]


def test_seeds_of_the_results_data_are_not_run_again_where_their_files_are_gone(tmp_path):
    first, _ = reproduce(tmp_path, range(2))
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    second, watched = reproduce(tmp_path, range(3))
    assert watched.wanted == [2]
    assert {0, 1, 2} == set(second.runs) and second.runs[0].value == pytest.approx(first.runs[0].value, rel=1e-5)


def test_another_protocol_begins_anew(tmp_path):
    reproduce(tmp_path, range(2))
    found, watched = reproduce(tmp_path, range(1), dataclasses.replace(PROTOCOL, epochs=2))
    assert watched.wanted == [0] and set(found.runs) == {0}


def test_what_was_finished_before_an_interrupt_is_kept(tmp_path):
    def interrupted(protocol, seed, progress):
        if seed == 2:
            raise KeyboardInterrupt
        return Run(0.5 + seed, (0.5,))

    with pytest.raises(KeyboardInterrupt):
        reproduce(tmp_path, range(5), run=interrupted)
    assert sorted(store.load("mlp", tmp_path / "results")["clouds"].runs) == [0, 1]


def test_a_full_disk_loses_nothing_that_was_finished(tmp_path, monkeypatch):
    written, sync = [], os.fsync

    def full(descriptor):
        written.append(1)
        if len(written) > 4:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        reproduce(tmp_path, range(5), run=lambda protocol, seed, progress: Run(float(seed), (1.0,)))
    assert set(SeedFiles(PROTOCOL, tmp_path / "runs").read()) >= {0, 1}
    assert set(store.load("mlp", tmp_path / "results")["clouds"].runs) >= {0, 1}


def test_a_file_that_is_not_whole_counts_as_none(tmp_path):
    reproduce(tmp_path, range(2))
    file = SeedFiles(PROTOCOL, tmp_path / "runs").file(1)
    file.write_text(file.read_text()[:20])
    (tmp_path / "results" / "mlp.json").unlink()
    found, watched = reproduce(tmp_path, range(2))
    assert watched.wanted == [1] and set(found.runs) == {0, 1}


def test_a_seed_that_another_process_has_is_left_to_it(tmp_path):
    with SeedFiles(PROTOCOL, tmp_path / "runs").claimed(1) as mine:
        assert mine
        found, _ = reproduce(tmp_path, range(3))
    assert set(found.runs) == {0, 2}


def run_command(tmp_path, *words, **more):
    command = [sys.executable, "scripts/reproduce.py", "mlp", "--runs", str(tmp_path / "runs"), *words]
    return subprocess.Popen(
        [*command, "--out", str(tmp_path / "results")], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
    )


def test_a_killed_command_goes_on_and_gives_the_same_numbers(tmp_path):
    whole = run_command(tmp_path / "whole", "--seeds", "2")
    killed = run_command(tmp_path / "killed", "--seeds", "2")
    while not list((tmp_path / "killed").glob("runs/mlp/*/*/0.json")) and killed.poll() is None:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert run_command(tmp_path / "killed", "--seeds", "2").wait() == 0 and whole.wait() == 0
    runs = [
        json.loads((tmp_path / name / "results" / "mlp.json").read_text())["results"]["breast_cancer"]["runs"]
        for name in ("whole", "killed")
    ]
    assert [[run["value"], run["curve"]] for run in runs[0].values()] == [
        [run["value"], run["curve"]] for run in runs[1].values()
    ]


def test_a_check_finds_its_seed_inside_its_interval(tmp_path):
    found, _ = reproduce(tmp_path, range(3))
    assert reproducing.check(PROTOCOL, found, Watched()).inside
    assert not reproducing.check(PROTOCOL, found, Watched(), run=lambda *_: Run(-5.0)).inside
