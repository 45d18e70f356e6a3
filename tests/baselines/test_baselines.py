"""Baselines answer as they should on data where the right answer is known."""

import numpy as np
import pytest

from baselines.floors import BASELINES, find_floors
from baselines.linear_regression import LINEAR_REGRESSION
from baselines.logistic_regression import LOGISTIC_REGRESSION
from baselines.majority import MAJORITY
from baselines.mean import MEAN
from baselines.nearest_neighbours import NEAREST_NEIGHBOURS
from baselines.rows import fit_rows
from baselines.scores import accuracy, root_mean_squared_error, share_wrong
from baselines.single_modality import PICTURE_ALONE, WORDS_ALONE
from refkit.references import multimodal

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3)).astype(np.float32)
CLASSES = (X[:, 0] > 0.3).astype(np.int32)
NUMBERS = (X @ [2.0, -1.0, 0.5] + 3).astype(np.float32)


def test_names_are_unique_and_explained():
    assert len({baseline.name for baseline in BASELINES}) == len(BASELINES)
    assert all(baseline.what.endswith(".") for baseline in BASELINES)


PAIRS = [
    pytest.param(baseline, targets, id=f"{baseline.name}-{kind}")
    for baseline in BASELINES
    for kind, targets in (("classes", CLASSES), ("numbers", NUMBERS))
    if baseline.applies((X,), targets)
]


@pytest.mark.parametrize("baseline, targets", PAIRS)
def test_one_answer_an_example(baseline, targets):
    assert baseline.fit((X,), targets)((X[:7],)).shape == (7,)


@pytest.mark.parametrize("baseline, targets", PAIRS)
def test_an_answer_does_not_depend_on_what_else_is_asked(baseline, targets):
    predict = baseline.fit((X[:40],), targets[:40])
    np.testing.assert_allclose(predict((X[40:],))[:3], predict((X[40:43],)), rtol=1e-6)


def test_majority():
    assert set(MAJORITY.fit((X,), CLASSES)((X,))) == {np.bincount(CLASSES).argmax()}


def test_mean():
    assert MEAN.fit((X,), NUMBERS)((X[:2],)) == pytest.approx(NUMBERS.mean())


def test_linear_regression_finds_the_line():
    assert root_mean_squared_error(LINEAR_REGRESSION.fit((X,), NUMBERS)((X,)), NUMBERS) < 1e-5


def test_logistic_regression_finds_the_boundary():
    assert accuracy(LOGISTIC_REGRESSION.fit((X,), CLASSES)((X,)), CLASSES) > 0.9


def test_nearest_neighbours_vote():
    assert accuracy(NEAREST_NEIGHBOURS.fit((X,), CLASSES)((X,)), CLASSES) > 0.9


def test_rows_of_pictures_words_and_numbers():
    picture, words = np.full((2, 2, 2, 1), 255, np.uint8), np.array([[0, 1], [2, 1]], np.int32)
    constant = np.array([[5.0, 1.0], [5.0, 3.0]])
    rows = fit_rows((picture, words, constant))((picture, words, constant))
    np.testing.assert_array_equal(rows[0], [1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, -1])
    assert not fit_rows((words,))((np.array([[7, 7]]),)).any()


def test_floors_are_those_that_apply():
    floors = find_floors(((X[:40],), CLASSES[:40]), ((X[40:],), CLASSES[40:]), accuracy)
    assert list(floors) == ["majority", "logistic-regression", "nearest-neighbours"]
    floors = find_floors(((X[:40],), NUMBERS[:40]), ((X[40:],), NUMBERS[40:]), root_mean_squared_error)
    assert list(floors) == ["mean", "linear-regression", "nearest-neighbours"]
    assert floors["linear-regression"] < floors["nearest-neighbours"] < floors["mean"]


def test_share_wrong():
    assert share_wrong(np.array([0.0, 0.05, -0.05, 0.03]), np.zeros(4)) == 0.5


@pytest.fixture(scope="module")
def questions():
    """Inputs and answers to train on, and to test on."""
    parts = multimodal.shapes_and_questions(600, seed=0), multimodal.shapes_and_questions(600, seed=1)
    return [(part[:-1], part[-1]) for part in parts]


def test_neither_modality_tells_the_answer(questions):
    """Words alone know `what` from `whether`: 1/2 · 1/2 + 1/2 · 1/3; a picture alone, one of four: 1/4."""
    floors = find_floors(*questions, accuracy)
    assert {"picture-alone", "words-alone"} < floors.keys()
    assert floors["words-alone"] == pytest.approx(5 / 12, abs=0.06)
    assert floors["picture-alone"] == pytest.approx(1 / 4, abs=0.06)
    assert floors["majority"] == pytest.approx(1 / 4, abs=0.06)
    assert floors["logistic-regression"] < 0.6


@pytest.mark.parametrize("baseline, hidden", [(PICTURE_ALONE, 1), (WORDS_ALONE, 0)], ids=["picture", "words"])
def test_one_modality_is_all_that_is_looked_at(baseline, hidden, questions):
    ((image, words), labels), _ = questions
    predict = baseline.fit((image[:300], words[:300]), labels[:300])
    other = [image[:50], words[:50]]
    other[hidden] = other[hidden][::-1]
    np.testing.assert_array_equal(predict((image[:50], words[:50])), predict(tuple(other)))
