"""Seeds in processes of their own."""

import multiprocessing
import os
import signal

import pytest

from refkit.errors import RefkitError
from refkit.experiments.protocols import find_protocol
from refkit.experiments.seed_files import SeedFiles
from refkit.experiments.workers import run_seeds


def test_two_workers_give_what_one_gives(tmp_path):
    files = {}
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        news = list(run_seeds("mlp", "wine/folds", [0, 1], folder, workers))
        assert sorted(seed for seed, told in news if told is True) == [0, 1]
        assert {told for _, told in news if not isinstance(told, bool)} >= {0.5, 1.0}
        files[workers] = SeedFiles(find_protocol("mlp", "wine/folds"), folder).read()
    assert {seed: run.curve for seed, run in files[1].items()} == {seed: run.curve for seed, run in files[2].items()}


def test_a_worker_that_is_killed_is_said(tmp_path):
    news = run_seeds("mlp", "digits_features/folds", [0], tmp_path, 1)
    next(news)
    (worker,) = multiprocessing.active_children()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(RefkitError, match="were ended from outside; what was finished is kept: run the same command"):
        list(news)
