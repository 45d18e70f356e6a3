"""The results data: read as it was written, written whole or not at all."""

import dataclasses
import json
import math
import multiprocessing
import os

import numpy as np
import pytest

from refkit.errors import RefkitError
from refkit.results import store
from refkit.results.record import LOWER, Made, Metric, Published, Result, Run

MADE = Made("python scripts/reproduce.py mlp", "abc", "1234567", {"jax": "0.10.2"}, "cpu, 2 cores")
RESULT = Result(
    "mlp",
    "sines",
    "a task",
    Metric("error", LOWER, "mm"),
    ("epochs", (1.0, 2.0)),
    {0: Run(0.25, (0.5, 0.25), 1.5), 1: Run(0.35, (0.75, 0.35), 2.5, {"sequences": 64.0})},
    {"mean": 1.25, "linear-regression": 0.75},
    (Published("theirs", 0.3, "a paper", "read in the source", "a paper without code", 0.01),),
    MADE,
    "a note",
)


def put(result):
    return lambda results: results.update({result.data: result})


def test_what_is_written_is_read(tmp_path):
    store.change("mlp", put(RESULT), tmp_path)
    assert store.load("mlp", tmp_path) == {"sines": RESULT}


def test_a_file_has_its_summary_and_envelope(tmp_path):
    store.change("mlp", put(RESULT), tmp_path)
    entry = json.loads((tmp_path / "mlp.json").read_text())["results"]["sines"]
    assert entry["summary"]["mean"] == 0.3 and entry["summary"]["seeds"] == 2
    np.testing.assert_allclose(entry["envelope"]["0.5"], [0.625, 0.3])


def test_a_seed_is_a_line(tmp_path):
    store.change("mlp", put(RESULT), tmp_path)
    lines = (tmp_path / "mlp.json").read_text().splitlines()
    assert sum(line.strip().startswith(('"0": {"value"', '"1": {"value"')) for line in lines) == 2


def test_a_seed_that_diverged_is_null(tmp_path):
    store.change("mlp", put(dataclasses.replace(RESULT, runs={0: Run(math.nan, (0.5, math.nan), 1.0)})), tmp_path)
    assert "NaN" not in (tmp_path / "mlp.json").read_text()
    assert math.isnan(store.load("mlp", tmp_path)["sines"].runs[0].value)


def test_the_best_baseline_is_the_lowest_error():
    assert RESULT.best_baseline == ("linear-regression", 0.75)


def test_a_run_that_ended_early_stays_where_it_ended():
    result = dataclasses.replace(RESULT, runs={0: Run(0.1, (0.3, 0.1)), 1: Run(0.2, (0.4, 0.3, 0.2))})
    np.testing.assert_allclose(result.curves, [[0.3, 0.1, 0.1], [0.4, 0.3, 0.2]])


def test_no_file_is_no_result(tmp_path):
    assert store.load("mlp", tmp_path) == {}


@pytest.mark.parametrize("text", ["{", '{"schema": 9, "results": {}}', '{"schema": 1, "results": {"a": {}}}', "[]"])
def test_a_broken_file_is_one_sentence(tmp_path, text):
    (tmp_path / "mlp.json").write_text(text)
    with pytest.raises(RefkitError, match="cannot be read .*: restore the file, or delete it"):
        store.load("mlp", tmp_path)


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    store.change("mlp", put(RESULT), tmp_path)
    before = (tmp_path / "mlp.json").read_text()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.change("mlp", put(dataclasses.replace(RESULT, note="another")), tmp_path)
    assert (tmp_path / "mlp.json").read_text() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == [".mlp.json.lock", "mlp.json"]


def add_seed(seed, folder):
    def edit(results):
        known = results.get("sines", dataclasses.replace(RESULT, runs={}))
        results["sines"] = dataclasses.replace(known, runs={**known.runs, seed: Run(float(seed), (1.0,))})

    store.change("mlp", edit, folder)


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(add_seed, [(seed, tmp_path) for seed in range(24)])
    assert sorted(store.load("mlp", tmp_path)["sines"].runs) == list(range(24))
