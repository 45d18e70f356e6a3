"""The smaller problem: a balanced subset, or a synthetic set that the starter really solves."""

import numpy as np
import pytest

from tests.references.test_shapes import import_file
from tests.starting import made

EPOCHS = {"mlp": 4, "lenet": 1, "lstm": 1, "multimodal": 2}  # enough: the file's own are more
SOLVED = [made.csv_of_words, made.csv_of_numbers, made.pictures, made.sequences, made.word_ids, made.pictures_and_words]


@pytest.mark.parametrize("kind", SOLVED, ids=lambda kind: kind.__name__)
def test_a_synthetic_set_is_solved(kind, tmp_path):
    spec, options = made.KINDS[kind]
    file, begun = made.start(kind(tmp_path), tmp_path, simplify="synthetic", **options)
    assert begun.plan.spec == spec and len(begun.text.splitlines()) < 200 and "DATA" not in begun.text
    printed = made.run(file, "--epochs", str(EPOCHS[begun.plan.reference]))
    assert printed.splitlines()[-1] == "solved"


def test_a_program_with_a_bug_does_not_solve_it(tmp_path):
    file, begun = made.start(made.csv_of_words(tmp_path), tmp_path, simplify="synthetic")
    broken = begun.text.replace("    optimizer.update(model, grads)\n", "")
    assert broken != begun.text
    file.write_text(broken, encoding="utf-8")
    assert made.run(file, "--epochs", "2").splitlines()[-1] == "not solved: this set can be, so mend the program first"


def test_a_subset_has_as_many_of_each_class(tmp_path):
    labels = np.repeat(np.arange(4), (100, 60, 40, 2))
    images = np.zeros((202, 64, 40), np.uint8) + 60 * labels[:, None, None].astype(np.uint8)
    data = made.saved(tmp_path / "rare.npz", image=images, label=labels)
    file, begun = made.start(data, tmp_path, simplify="subset")
    assert begun.plan.spec == "lenet:image=32x20x1,classes=3"
    assert "3 classes (`0`, `1`, `2`), about 96 training examples, as many of each, pictures of 32×20×1" in begun.report
    train, test = import_file(file).load_data("rare.npz")
    counts = np.bincount(train[1])
    assert len(counts) == 3 and len(set(counts)) == 1 and train[0].shape[1:] == (32, 20, 1)
    assert set(test[1]) <= {0, 1, 2} and (train[0][:, 0, 0, 0] == 60 * train[1]).all()


def test_a_subset_of_numbers_is_smaller(tmp_path):
    x = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    data = made.saved(tmp_path / "many.npz", x=x, y=x.sum(axis=1))
    file, _ = made.start(data, tmp_path, simplify="subset")
    train, test = import_file(file).load_data("many.npz")
    assert len(train[0]) == 10_000 and len(test[0]) == 4_000
