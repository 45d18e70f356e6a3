"""The references' default data is what the task says."""

import numpy as np

from refkit.references import lenet, lstm, mlp, multimodal


def test_digits_are_tripled_and_padded():
    images, labels = lenet.digits()
    assert images.shape == (1797, 28, 28, 1) and images.dtype == np.uint8 and labels.dtype == np.int32
    assert images.max() == 255 and not images[:, :2].any() and not images[:, :, -2:].any()
    cells = images[:, 2:-2, 2:-2, 0].reshape(-1, 8, 3, 8, 3)
    assert (cells == cells[:, :, :1, :, :1]).all()
    assert set(np.unique(images)) <= set(np.rint(np.arange(17) * 255 / 16).astype(int))


def test_a_split_loses_and_repeats_nothing():
    x = np.arange(101)
    for split in (lenet.split, mlp.split):
        (train, train_labels), (test, _) = split(x, -x)
        assert len(test) == 20 and sorted([*train, *test]) == list(x) and (train_labels == -train).all()


def test_standardised_by_the_training_examples_alone():
    (x, _), (test, _) = mlp.load_data()
    scaled = mlp.preprocess(x, x)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-4)
    np.testing.assert_allclose(mlp.preprocess(test, x)[:1], mlp.preprocess(test[:1], x))
    assert np.isfinite(mlp.preprocess(np.ones((3, 2)), np.ones((3, 2)))).all()


def test_adding_problem_marks_two_early_steps():
    for steps in (20, 50):
        x, targets = lstm.adding_problem(500, steps, seed=3)
        values, marks = x[..., 0], x[..., 1]
        assert x.dtype == targets.dtype == np.float32 and x.shape == (500, steps, 2) and targets.shape == (500, 1)
        assert (abs(values) <= 1).all() and values.min() < -0.99 and values.max() > 0.99
        assert set(np.unique(marks)) == {0, 1} and (marks.sum(axis=1) == 2).all()
        assert not marks[:, steps // 2 :].any() and (marks[:, :10].sum(axis=1) >= 1).all()
        np.testing.assert_allclose(targets[:, 0], 0.5 + (values * marks).sum(axis=1) / 4, atol=1e-6)


def test_questions_are_answered_by_the_picture():
    images, words, labels = multimodal.shapes_and_questions(200, seed=4)
    cells = {name: np.kron(rows, np.ones((3, 3))) for name, rows in multimodal.SHAPES.items()}
    for image, sentence, label in zip(images, words, labels, strict=True):
        text, answer = [multimodal.WORDS[word] for word in sentence], multimodal.ANSWERS[label]
        half = image[:, :14, 0] if "left" in text else image[:, 14:, 0]
        rows, columns = np.nonzero(half)
        seen = half[rows.min() : rows.min() + 9, columns.min() : columns.min() + 9]
        (shape,) = (name for name, cell in cells.items() if np.array_equal(cell * 255, seen))
        assert answer == (shape if text[0] == "what" else "yes" if shape in text else "no")


def test_data_is_the_same_every_time():
    for once, again in zip(multimodal.shapes_and_questions(5, 0), multimodal.shapes_and_questions(5, 0), strict=True):
        np.testing.assert_array_equal(once, again)
    assert not np.array_equal(lstm.adding_problem(5, 20, 0)[0], lstm.adding_problem(5, 20, 1)[0])
