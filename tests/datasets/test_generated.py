"""Temporal order and Sort-of-CLEVR follow their recipes; scikit-learn's tables their folds."""

import numpy as np
import pytest

from refkit.datasets import sort_of_clevr
from refkit.datasets.arrays import load_arrays
from refkit.datasets.folds import TABLES, load_table, split_folds
from refkit.datasets.temporal_order import CLASSES, SYMBOLS, temporal_order
from refkit.errors import RefkitError


def test_temporal_order_is_the_paper_s():
    symbols, lengths, classes = temporal_order(500, seed=3)
    assert symbols.dtype == lengths.dtype == classes.dtype == np.int32
    assert set(lengths) == set(range(100, 111)) and set(classes) == {0, 1, 2, 3}
    firsts, seconds = set(), set()
    for row, length, label in zip(symbols, lengths, classes, strict=True):
        said = [SYMBOLS[symbol - 1] for symbol in row[:length]]
        assert not row[length:].any() and (said[0], said[-1]) == ("E", "B")
        (first, second) = (place for place, symbol in enumerate(said) if symbol in "XY")
        assert said[first] + said[second] == CLASSES[label]
        assert set(said[1:first] + said[first + 1 : second] + said[second + 1 : -1]) == set("abcd")
        firsts.add(first), seconds.add(second)
    assert firsts == set(range(10, 21)) and seconds == set(range(50, 61))


def test_temporal_order_is_fresh_for_each_seed():
    np.testing.assert_array_equal(temporal_order(5, seed=1)[0], temporal_order(5, seed=1)[0])
    assert (temporal_order(5, seed=1)[0] != temporal_order(5, seed=2)[0]).any()


def test_objects_stand_apart():
    centres = sort_of_clevr.place_objects(np.random.default_rng(0), 500)
    assert centres.min() == 5 and centres.max() == 69
    distances = np.linalg.norm(centres[:, :, None] - centres[:, None], axis=-1) + 1e9 * np.eye(6)
    assert distances.min() == 10


def test_objects_are_drawn_where_they_stand():
    centres = np.array([[(10, 20), (40, 20), (60, 20), (10, 60), (40, 60), (60, 60)]])
    (image,) = sort_of_clevr.draw(centres, np.array([[0, 1, 0, 0, 0, 0]]))
    sizes = [(image == colour).all(axis=-1).sum() for colour in sort_of_clevr.COLOURS.values()]
    assert sizes == [121, 81, 121, 121, 121, 121]
    assert (image[15:26, 5:16] == sort_of_clevr.COLOURS["red"]).all()
    assert (image[20, 14:17] == [(255, 0, 0), (255, 0, 0), (255, 255, 255)]).all()


@pytest.mark.parametrize(
    "question, answer",
    [
        ("what is the shape of the green object", "circle"),
        ("is the red object in the left half", "yes"),
        ("is the blue object in the left half", "no"),
        ("is the orange object in the upper half", "no"),
        ("is the green object in the upper half", "yes"),
        ("what shape is closest to the red object", "circle"),
        ("what shape is closest to the green object", "rectangle"),
        ("what shape is furthest from the yellow object", "rectangle"),
        ("what shape is furthest from the red object", "circle"),
        ("how many are shaped like the red object", "4"),
        ("how many are shaped like the yellow object", "2"),
    ],
)
def test_an_answer(question, answer):
    centres = np.array([[(10, 20), (22, 20), (60, 20), (10, 62), (30, 69), (69, 69)]])
    circular = np.array([[0, 1, 0, 0, 0, 1]])
    circular[0, 4] = 0
    (answers,) = sort_of_clevr.find_answers(centres, circular)
    ((colour, kind),) = (
        (colour, kind)
        for colour, kinds in enumerate(sort_of_clevr.QUESTIONS)
        for kind, words in enumerate(kinds)
        if " ".join(words) == question
    )
    assert sort_of_clevr.ANSWERS[answers[colour, kind]] == answer


def test_questions_have_one_length():
    assert {len(words) for kinds in sort_of_clevr.QUESTIONS for words in kinds} == {8}


def test_ten_questions_of_either_sort_on_each_picture(folder):
    train, test = load_arrays("sort_of_clevr", folder).values()
    assert len(train["image"]) == 20 and len(train["words"]) == 400 and len(test["words"]) == 200
    np.testing.assert_array_equal(train["picture"], np.repeat(np.arange(20), 20))
    np.testing.assert_array_equal(train["relational"], np.tile(np.arange(20) >= 10, 20))
    words = np.array(["", *sort_of_clevr.VOCABULARY])[train["words"]]
    asked = {"relational": set(), "alone": set()}
    for sentence, relational in zip(words, train["relational"], strict=True):
        asked["relational" if relational else "alone"].add(
            " ".join(word for word in sentence if word not in sort_of_clevr.COLOURS)
        )
    strip = lambda questions: {" ".join(question.replace("{}", "").split()) for question in questions}
    assert asked == {"relational": strip(sort_of_clevr.RELATIONAL), "alone": strip(sort_of_clevr.NON_RELATIONAL)}


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_tested_once(name):
    *_, targets = load_table(name).values()
    folds = split_folds(targets)
    assert len(folds) == 10
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(targets)))
    for (train, test), (again, _) in zip(folds, split_folds(targets), strict=True):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(targets)))
        np.testing.assert_array_equal(train, again)


@pytest.mark.parametrize("name, majority", [("digits_features", 0.101), ("breast_cancer", 0.627), ("wine", 0.399)])
def test_majority_reaches_its_known_figure(name, majority):
    labels = load_table(name)["label"]
    shares = [np.mean(labels[test] == np.bincount(labels[train]).argmax()) for train, test in split_folds(labels)]
    assert np.mean(shares) == pytest.approx(majority, abs=0.0005)


def test_mean_reaches_its_known_figure():
    targets = load_table("diabetes")["target"].astype(float)
    errors = [np.sqrt(np.mean((targets[test] - targets[train].mean()) ** 2)) for train, test in split_folds(targets)]
    assert np.mean(errors) == pytest.approx(76.98, abs=0.005)


def test_not_a_table():
    with pytest.raises(RefkitError) as caught:
        load_table("mnist")
    assert str(caught.value) == (
        "data set `mnist` is not a table of scikit-learn: give `digits_features`, `breast_cancer`, `wine`, `diabetes`"
    )
