"""Augmented training examples: other ones in every epoch, moved no further than said, with the answers they had."""

import numpy as np
import pytest

from refkit.errors import RefkitError
from refkit.experiments.protocol import Examples
from refkit.experiments.training import epochs_of
from refkit.improvement import reference_trials
from refkit.improvement.augmenting import MOVED, NOISY, add_noise, move_pictures
from refkit.improvement.move import Move
from refkit.improvement.trial import Runs


def dots(count: int, side: int = 28) -> np.ndarray:
    """Pictures with one bright pixel in the middle of each."""
    pictures = np.zeros((count, side, side, 1), np.float32)
    pictures[:, side // 2, side // 2] = 1
    return pictures


def test_pictures_are_moved_to_everywhere_near_and_no_further():
    labels = np.arange(2000)
    moved, kept = move_pictures((dots(2000), labels), np.random.default_rng(0))
    rows, down, right, _ = np.nonzero(moved)
    assert (kept == labels).all() and (rows == labels).all() and moved.dtype == np.float32
    assert set(zip(down - 14, right - 14)) == {(a, b) for a in range(-2, 3) for b in range(-2, 3)}


def test_the_edge_of_a_moved_picture_is_drawn_out():
    striped = np.broadcast_to(np.arange(8, dtype=np.float32)[:, None, None], (50, 8, 8, 3))
    moved, _ = move_pictures((striped, np.zeros(50)), np.random.default_rng(1))
    assert {tuple(picture[:2, 0, 0]) for picture in moved} == {(0, 0), (0, 1), (1, 2)}


def test_noise_has_the_spread_of_each_number():
    numbers = np.random.default_rng(0).normal(size=(5000, 3)).astype(np.float32) * [1, 10, 0]
    noisy, _ = add_noise((numbers, np.zeros(5000)), np.random.default_rng(1))
    assert (noisy - numbers).std(axis=0) == pytest.approx([0.1, 1, 0], rel=0.05)


def test_pictures_that_are_read_batch_by_batch_are_refused_in_a_sentence():
    with pytest.raises(RefkitError, match="read batch by batch"):
        move_pictures((object(), np.zeros(3)), np.random.default_rng(0))


def test_every_epoch_has_others_and_the_same_seed_the_same():
    bench = reference_trials.bench_for("mlp", None, 1, 2)
    numbers, labels = np.random.default_rng(0).normal(size=(64, 30)), np.arange(64)
    examples = Examples((numbers, labels), None, augment=add_noise)

    def epochs(seed: int) -> list[np.ndarray]:
        found = []
        for batches in epochs_of(bench.protocol, examples, 32, seed):
            x, y = (np.concatenate(parts) for parts in zip(*batches))
            found.append(x[np.argsort(y)])
        return found

    (first, second), again, other = epochs(0), epochs(0), epochs(1)
    assert (first != second).any() and (first == again[0]).all() and (first != other[0]).any()
    assert np.abs(first - numbers).max() < 1


def test_an_augmentation_is_tried_beside_the_runs_without_it():
    bench = reference_trials.bench_for("mlp", None, 2, 2)
    as_it_is = reference_trials.run_all(bench, Move())
    noisy: Runs = reference_trials.run_all(bench, Move(augmentations={"mlp": NOISY}))
    assert (noisy.held != as_it_is.held).any() or (noisy.train != as_it_is.train).any()
    elsewhere = reference_trials.run_all(bench, Move(augmentations={"lenet": MOVED}))
    assert (elsewhere.held == as_it_is.held).all() and (elsewhere.train == as_it_is.train).all()
