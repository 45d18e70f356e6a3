"""The command `starter`: what it says, and its sentences."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from refkit.commands.starter import starter
from refkit.datasets.uci_regression import UciRegression
from refkit.edits.catalogue import edited_source
from tests.datasets.conftest import write_table
from tests.starting import made

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"


def call(*words: str):
    return CliRunner().invoke(starter, words)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_it_says(here):
    made.csv_of_words(here)
    done = call("animals.csv")
    assert done.exit_code == 0 and done.output == SAID
    assert (here / "my_model.py").read_text(encoding="utf-8").startswith('"""MLP: one hidden layer')


SAID = """animals.csv
  data        60 examples, 6 columns
  target      `kind` (the last column: `--target` names another): 3 classes: cat 20, dog 20, owl 20
  inputs      2 numbers (`length`, `width`); categories by their kinds: `colour` 2
  missing     11 cells (`width` 6, `colour` 5): a number's mean over the training examples stands in, a category has \
no kind then
  scale       -2.325 to 11.37; standardised by the training examples' mean and deviation
  left out    `id`: it numbers the rows; `note`: it is `same` everywhere
  reference   mlp:features=4,outputs=3: neither pictures nor sequences: one hidden layer
  wrote       my_model.py, 141 lines, 500 epochs
  later       once this works: more and wider layers, or what the problem itself suggests
next: python my_model.py
"""


def test_what_it_says_of_imbalance_and_lengths(here):
    lengths, labels = 2 + np.arange(80) % 4, np.repeat((0, 1), (72, 8))
    made.saved(here / "rare.npz", words=np.ones((80, 5), int) * (np.arange(5) < lengths[:, None]), label=labels)
    lines = call("rare.npz").output.splitlines()
    assert "  lengths     2 to 5 steps, median 3.5; 0 is padding, and the state at the last step counts" in lines
    assert (
        "  imbalance   the largest class is 90 % of the examples: an accuracy below is worthless; `1` has fewer than 10 "
        "examples" in lines
    )
    assert any(line.startswith("  later       once this works: attention") for line in lines)


def test_a_reference_alone_is_printed():
    assert call("lenet").output == edited_source("lenet", {})
    assert call("lenet:pool=max").output == edited_source("lenet", {"pool": "max"})


def test_a_file_that_is_there_is_kept(here):
    made.csv_of_words(here)
    (here / "mine.py").write_text("mine")
    done = call("animals.csv", "--out", "mine.py")
    assert (done.exit_code, (here / "mine.py").read_text()) == (2, "mine")
    assert done.output == "error: `mine.py` is there already and would be lost: give another name by `--out`\n"
    assert sorted(file.name for file in here.iterdir()) == ["animals.csv", "mine.py"]


def table(here: Path, text: str) -> None:
    (here / "data.csv").write_text(text, encoding="utf-8")


ROWS = "".join(f"{k},{k % 3},{k * k}\n" for k in range(20))
TABLES = [
    ("1,2\n" * 20, "the first line of `data.csv` holds numbers: put the columns' names there"),
    ("a,b\n1,2\n3,4\n5,6\n", "`data.csv` has 3 examples: give 10 at least"),
    ("a,b\n" + "1,x\n2,x\n" * 10, "target `b` is `x` everywhere: give examples of two classes at least"),
    ("a,b\n" + "1,x\n1,y\n" * 10, "`data.csv` has no input beside the target `b` (`a`: it is 1 everywhere)"),
    ("a,a\n" + "1,2\n" * 20, "`data.csv` has two columns `a`: give each a name of its own"),
    ("a\n" + "1\n2\n" * 20, "`data.csv` has `a` and nothing to learn it from: give inputs and targets"),
    ("a,b\n" + "".join(f"{k},2.5\n" for k in range(20)), "target `b` is 2.5 everywhere: there is nothing to learn"),
    ("", "`data.csv` begins with an empty line: put the columns' names there"),
]


@pytest.mark.parametrize(("text", "sentence"), TABLES)
def test_a_bad_table_is_one_sentence(text, sentence, here):
    table(here, text)
    done = call("data.csv")
    assert (done.exit_code, done.output) == (2, f"error: {sentence}\n")
    assert not (here / "my_model.py").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--target", "d"), "`data.csv` has no column `d`; it has `a`, `b`, `c`"),
        (("--inputs", "d"), "`data.csv` has no input `d`; it has `a`, `b`"),
        (("--inputs", "c"), "`c` is the target and cannot be an input, too: name one of them otherwise"),
        (
            ("--reference", "lenet"),
            "`lenet` does not take `a` (numbers) and `b` (numbers), but `mlp` does: leave `--reference` out, or name other "
            "inputs by `--inputs`",
        ),
        (
            ("--task", "classification"),
            "target `c` has 20 classes in 20 examples: name another by `--target`, or give `--task regression` if it is "
            "a number",
        ),
    ],
)
def test_bad_options_are_one_sentence(words, sentence, here):
    table(here, "a,b,c\n" + ROWS)
    done = call("data.csv", *words)
    assert (done.exit_code, done.output) == (2, f"error: {sentence}\n")


def arrays(**named):
    return named


X = np.zeros((20, 3), np.float32)
ARRAYS = [
    (
        arrays(x=np.array([[1], [2, 3]] * 10, object), y=np.arange(20)),
        "`x` in `data.npz` holds Python objects, which only pickle reads, and a pickle can run anything: save sequences "
        "of different lengths padded, with a whole number for each in `lengths`",
    ),
    (
        arrays(image=np.zeros((20, 16, 16), np.uint8), age=np.arange(20.0), y=np.arange(20) % 2),
        "no reference takes `image` (picture) and `age` (numbers) of `data.npz` together: name one of them by `--inputs`, "
        "or a picture and words",
    ),
    (
        arrays(x=X + np.arange(20)[:, None] / 0.5 + np.array([np.inf, 0, 0]), y=np.arange(20) % 2),
        "`x` of `data.npz` holds infinities: mend them, or leave them empty",
    ),
    (
        arrays(x=X, y=np.where(np.arange(20) < 2, np.nan, np.arange(20))),
        "target `y` is nan in 2 examples of `data.npz`: leave those out",
    ),
    (
        arrays(image=np.zeros((20, 3, 16, 16)), y=np.arange(20) % 2),
        "`data.npz` has no input beside the target `y` (`image`: its channels come first, 3×16×16: transpose them to the "
        "last axis)",
    ),
    (
        arrays(x_train=X, y_train=np.arange(20) % 2, x_test=X, y_test=np.arange(20) % 3),
        "class `2` of `y_train` is in the test examples alone: split the data anew",
    ),
]


@pytest.mark.filterwarnings("ignore::numpy.exceptions.VisibleDeprecationWarning")
@pytest.mark.parametrize(("named", "sentence"), ARRAYS, ids=[sentence[:30] for _, sentence in ARRAYS])
def test_bad_arrays_are_one_sentence(named, sentence, here):
    made.saved(here / "data.npz", **named)
    done = call("data.npz")
    assert (done.exit_code, done.output) == (2, f"error: {sentence}\n")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("none.npz", "`none.npz` is not there: give the path of an .npz, a CSV or a folder, or a TFDS name"),
        (
            "what/ever.txt",
            "`what/ever.txt` is not there: give an .npz, a CSV, a folder of pictures by class, or a TFDS name",
        ),
        ("empty", "`empty` holds no pictures in folders: put those of each class in a folder of its name"),
        ("spoilt", "`spoilt/cats/1.png` cannot be read as a picture: save it anew, or take it away"),
        ("no.npz", "`no.npz` cannot be read as an .npz (File is not a zip file): save it anew with `np.savez`"),
        (
            "mnist_rows",
            "`mnist_rows` is what refkit makes of `mnist` when it trains, and lies nowhere to be read: save one input and one "
            "target for each example as an .npz",
        ),
        (
            "easy_vqa",
            "`easy_vqa` has several questions on each picture: give `shapes_and_questions`, or save an .npz with one row a "
            "question",
        ),
    ],
)
def test_bad_data_is_one_sentence(data, sentence, here):
    (here / "empty").mkdir()
    (here / "spoilt" / "cats").mkdir(parents=True)
    (here / "spoilt" / "cats" / "1.png").write_bytes(b"no picture")
    (here / "no.npz").write_bytes(b"PK\x03\x04 no zip")
    done = call(data)
    assert (done.exit_code, done.output) == (2, f"error: {sentence}\n")


def test_the_script_is_the_command(here):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "starter.py", "mlp"],
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ,
    )
    assert done.returncode == 0 and done.stdout == edited_source("mlp", {})


def test_a_prepared_set_is_read(here, monkeypatch):
    if not (SHARED / "tfds" / "mnist").is_dir():
        pytest.skip("../shared/data/tfds/mnist is not here")
    monkeypatch.setenv("TFDS_DATA_DIR", str(SHARED / "tfds"))
    done = call("mnist", "--simplify")
    assert done.exit_code == 0 and "60,000 train and 10,000 test examples" in done.output
    assert "lenet:image=28x28x1,classes=10" in done.output
    assert '"array_record").as_data_source(["train", "test"])' in (here / "my_model.py").read_text(encoding="utf-8")


@pytest.fixture
def own_sets(here, monkeypatch):
    """TFDS's folder, with nothing prepared and files of one UCI set to prepare it from."""
    table = UciRegression.BUILDER_CONFIGS[0]
    write_table(here / "downloads" / "manual" / "uci_regression" / table.folder / "data", table)
    monkeypatch.setenv("TFDS_DATA_DIR", str(here))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wine", ("`label`: 3 classes", "13 numbers (`features`)")),
        (
            "uci_regression/boston",
            ("30 examples", "`target`: a number", "13 numbers (`features`)", "`held_out`: it is"),
        ),
    ],
)
def test_a_set_of_refkits_own_is_prepared_and_learned(name, said, own_sets, here):
    done = call(name)
    assert done.exit_code == 0 and all(words in done.output for words in said), done.output
    command = [sys.executable, "my_model.py", "--epochs", "1"]  # TFDS reads its folder from the environment once
    printed = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert "test examples: " in printed.stdout, printed.stderr


def test_a_set_that_nobody_has_is_told_from_those_that_can_be_learned(own_sets):
    done = call("nosuch")
    listed = done.output.partition("(")[2].partition(")")[0].split(", ")
    assert done.exit_code == 2 and "`digits`" in listed and "`uci_regression`" in listed
    assert not {"`mnist_rows`", "`shakespeare_characters`", "`sort_of_clevr`", "`easy_vqa`"} & {*listed}


def test_the_penguins_are_told_apart(here):
    if not (SHARED / "penguins").is_dir():
        pytest.skip("../shared/data/penguins is not here")
    done = call(str(SHARED / "penguins" / "penguins.csv"), "--target", "species")
    assert done.exit_code == 0 and "3 classes: Adelie 152, Gentoo 124, Chinstrap 68" in done.output
    printed = made.run(here / "my_model.py", "--epochs", "30")
    assert float(printed.split("test examples: ")[1].split()[0]) > 0.9
