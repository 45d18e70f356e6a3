"""Offline data sets: prepared once, read as arrays, with no network and no TensorFlow."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from refkit.datasets import DATASETS
from refkit.datasets.arrays import _load_arrays, find_builder, kept, load_arrays, read_records
from refkit.datasets.wine import Wine
from refkit.errors import RefkitError
from refkit.references import lenet, lstm, mlp, multimodal

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "digits": lambda: lenet.load_data(),
    "breast_cancer": lambda: mlp.load_data(),
    "adding_problem": lambda: [(x, targets[:, 0]) for x, targets in lstm.load_data()],
    "shapes_and_questions": lambda: [
        multimodal.shapes_and_questions(10_000, seed=0),
        multimodal.shapes_and_questions(2_000, seed=1),
    ],
}
each = pytest.mark.parametrize("builder", DATASETS, ids=lambda builder: builder.name)


@each
def test_is_what_the_reference_trains_on(builder, folder):
    splits = load_arrays(builder.name, folder)
    assert list(splits) in (["train", "test"], ["whole"])
    assert all({*builder.inputs, builder.target} <= split.keys() for split in splits.values())
    if builder.name in PARTS:
        for split, part in zip(splits.values(), PARTS[builder.name](), strict=True):
            for column, array in zip(split.values(), part, strict=True):
                np.testing.assert_array_equal(column, array)


@each
def test_reads_through_data_source(builder, folder):
    *_, last = load_arrays(builder.name, folder)
    arrays = kept_arrays(builder, folder, last)
    source = tfds.data_source(builder.name, split=last, data_dir=folder, download=False)
    row = source[1]
    assert len(source) == len(arrays[builder.target]) and row.keys() == arrays.keys()
    for column, value in row.items():
        np.testing.assert_array_equal(np.asarray(value, arrays[column].dtype), arrays[column][1])


@each
def test_records_hold_what_the_kept_arrays_hold(builder, folder):
    *_, last = load_arrays(builder.name, folder)
    arrays = kept_arrays(builder, folder, last)
    for column, values in read_records(find_builder(builder.name, str(folder)), last).items():
        np.testing.assert_array_equal(values, arrays[column])


def kept_arrays(builder, folder, split):
    with np.load(kept(find_builder(builder.name, str(folder)), split)) as arrays:
        return dict(arrays)


@each
def test_is_not_computed_again(builder, folder, monkeypatch):
    load_arrays(builder.name, folder)
    monkeypatch.setattr(builder, "splits", lambda self: pytest.fail("computed again"))
    _load_arrays.cache_clear()
    start = time.perf_counter()
    load_arrays(builder.name, folder)
    assert time.perf_counter() - start < 5
    assert load_arrays(builder.name, folder) is load_arrays(builder.name, folder)


def test_diabetes_is_in_its_own_units(folder):
    splits = load_arrays("diabetes", folder)
    targets = np.concatenate([split["target"] for split in splits.values()])
    assert len(targets) == 442 and targets.min() == 25 and targets.max() == 346
    assert splits["train"]["features"][:, 0].max() > 70


def test_arrays_may_not_be_written_to(folder):
    with pytest.raises(ValueError, match="read-only"):
        load_arrays("digits", folder)["train"]["image"][0] = 0


def test_another_process_is_faster(tmp_path, monkeypatch):
    own = Wine.splits

    def splits(self):
        monkeypatch.setattr(Wine, "splits", own)
        find_builder("wine", str(tmp_path))
        return own(self)

    monkeypatch.setattr(Wine, "splits", splits)
    assert len(load_arrays("wine", tmp_path)["train"]["label"]) == 143
    assert [path.name for path in (tmp_path / "wine").iterdir()] == ["1.0.0"]


def test_a_full_disk_loses_only_what_is_kept_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("no space left on device")))
    assert len(load_arrays("wine", tmp_path)["train"]["label"]) == 143
    assert not list(tmp_path.rglob("*.arrays.npz*"))


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RefkitError, match="data set `wine` cannot be written to `.*file/tfds` .*: give another folder"):
        load_arrays("wine", tmp_path / "file" / "tfds")


def test_longer_adding_problem(folder, monkeypatch):
    monkeypatch.setattr(lstm, "load_data", lambda steps: [lstm.adding_problem(30, steps, seed=k) for k in range(2)])
    assert load_arrays("adding_problem/steps50", folder)["test"]["sequence"].shape == (30, 50, 2)


@pytest.mark.parametrize(
    "name, message",
    [
        (
            "nosuch",
            "data set `nosuch` is neither one of refkit's (`digits`, `digits_features`, `breast_cancer`, `wine`, "
            "`diabetes`, `adding_problem`, `temporal_order`, `shapes_and_questions`, `sort_of_clevr`, "
            "`uci_regression`, `easy_vqa`, `mnist_rows`, `shakespeare_characters`) nor one of TFDS's",
        ),
        (
            "adding_problem/steps7",
            "data set `adding_problem/steps7` does not exist: give `adding_problem/steps20`, "
            "`adding_problem/steps50`, `adding_problem/steps100`",
        ),
        ("digits/large", "data set `digits/large` does not exist: give `digits`"),
    ],
)
def test_a_set_that_is_not_there(name, message, folder):
    with pytest.raises(RefkitError) as caught:
        load_arrays(name, folder)
    assert str(caught.value) == message


def test_environment_names_the_folder(tmp_path):
    """In a process of its own: TFDS_DATA_DIR is read, stdout stays clean, TensorFlow is not imported."""
    code = (
        "import sys; from refkit.datasets.arrays import load_arrays;"
        "print(len(load_arrays('breast_cancer')['train']['label']), 'tensorflow' in sys.modules)"
    )
    environment = os.environ | {"TFDS_DATA_DIR": str(tmp_path), "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "456 False\n"
    assert (tmp_path / "breast_cancer" / "1.0.0" / "dataset_info.json").exists()


def test_a_reference_reads_a_prepared_set(folder, monkeypatch):
    load_arrays("breast_cancer", folder)
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(folder))
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    for part, own in zip(mlp.load_data("breast_cancer"), mlp.load_data(), strict=True):
        for array, wanted in zip(part, own, strict=True):
            np.testing.assert_array_equal(array, wanted)
            assert array.dtype == wanted.dtype
