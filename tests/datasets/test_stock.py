"""TFDS's own sets and the views of them: what to put where, and what they look like once they are prepared."""

import time

import numpy as np
import pytest

from refkit.datasets import VIEWS
from refkit.datasets.arrays import load_arrays
from refkit.datasets.mnist_rows import read_rows
from refkit.datasets.shakespeare_characters import cut, encode, find_vocabulary
from refkit.errors import RefkitError


def test_a_stock_set_that_is_not_prepared(tmp_path):
    start = time.perf_counter()
    with pytest.raises(RefkitError) as caught:
        load_arrays("fashion_mnist", tmp_path)
    manual = tmp_path / "downloads" / "manual" / "fashion_mnist"
    assert str(caught.value) == (
        f"data set `fashion_mnist` is not prepared in `{tmp_path}`: put its folder there as it was prepared elsewhere, "
        "or put `t10k-images-idx3-ubyte.gz`, `t10k-labels-idx1-ubyte.gz`, `train-images-idx3-ubyte.gz`, "
        "`train-labels-idx1-ubyte.gz` (from http://fashion-mnist.s3-website.eu-central-1.amazonaws.com) into "
        f"`{manual}` and run `tfds build fashion_mnist --file_format=array_record --data_dir={tmp_path} "
        f"--manual_dir={manual}` once, with tensorflow"
    )
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_names_the_set_that_is_not_prepared(view, tmp_path):
    with pytest.raises(RefkitError, match=f"^data set `{view.of}` is not prepared in "):
        load_arrays(view.name, tmp_path)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_its_columns(view, real_folder, monkeypatch):
    columns = load_arrays(view.name, real_folder)["test"]
    assert list(columns) == [*view.inputs, view.target]
    assert len({len(column) for column in columns.values()}) == 1
    with pytest.raises(ValueError, match="read-only"):
        columns[view.target][0] = 0


def test_a_row_of_pixels_is_a_step():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1)
    rows = read_rows(images)
    assert rows.dtype == np.float32 and rows.shape == (2, 3, 4)
    np.testing.assert_allclose(rows[1, 2] * 255, [20, 21, 22, 23], rtol=1e-6)


def test_characters_of_the_real_text(real_folder):
    splits = load_arrays("shakespeare_characters", real_folder)
    assert {split: columns["characters"].shape for split, columns in splits.items()} == {
        "train": (10_038, 100),
        "validation": (557, 100),
        "test": (557, 100),
    }
    train = splits["train"]
    assert train["characters"].min() == 0 and train["characters"].max() == 64
    np.testing.assert_array_equal(train["characters"].ravel()[1:], train["next"].ravel()[:-1])


def test_a_character_that_training_lacks():
    with pytest.raises(RefkitError, match="the character 'x' does not occur in the training text"):
        encode("axe", find_vocabulary("a e"))


@pytest.mark.parametrize("length, stretches", [(7, 2), (6, 1), (4, 1), (3, 0)])
def test_what_is_left_over_is_dropped(length, stretches):
    inputs, targets = cut(np.arange(length), steps=3)
    assert inputs.shape == targets.shape == (stretches, 3)
    np.testing.assert_array_equal(targets, inputs + 1)
