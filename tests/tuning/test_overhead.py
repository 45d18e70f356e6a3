"""The overhead is what a search takes beside its trials, and no part of them."""

import dataclasses
import time

import pytest

from refkit.benchmarks.tuning_overhead import Overhead, measured, table
from refkit.results.record import LOWER
from refkit.tuning import search
from refkit.tuning.spaces import Range
from refkit.tuning.subject import Subject


def test_what_the_trials_take_is_not_in_it(tmp_path):
    def run(values, report):
        time.sleep(0.3)
        return values["x"]

    subject = Subject("made", {"x": Range(0.0, 1.0)}, "loss", LOWER, {}, run)
    slow = measured(subject, "random", 4, tmp_path / "slow.db")
    quick = measured(dataclasses.replace(subject, run=lambda values, report: 1.0), "random", 4, tmp_path / "quick.db")
    assert slow.trials == 4 and slow.training == pytest.approx(1.2, rel=0.3) and quick.training < 0.1
    assert 0 < slow.beside < 20 * quick.beside + 1


def test_what_is_reported_on_the_way_is_in_it(tmp_path, monkeypatch):
    def run(values, report):
        report(1.0, 1)
        return values["x"]

    monkeypatch.setattr(search, "reporter", lambda trial: lambda value, step: time.sleep(0.3))
    subject = Subject("made", {"x": Range(0.0, 1.0)}, "loss", LOWER, {}, run)
    reported = measured(subject, "random", 4, tmp_path / "a.db")
    assert reported.training < 0.1 and reported.beside > 1.2


def test_the_share_is_that_of_the_trials_time():
    row = Overhead("bayes", 20, training=40.0, beside=1.0, report=0.5)
    assert row.share == 0.025 and table([row]).splitlines()[1].split() == [
        "bayes",
        "20",
        "40.0",
        "s",
        "1.00",
        "s",
        "2.5%",
        "0.50",
        "s",
    ]
