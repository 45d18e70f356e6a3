"""Arrays in an .npz."""

import re
import zipfile
from pathlib import Path

import numpy as np

from refkit.errors import RefkitError
from refkit.starting.source import Columns, Source, tuple_text

TESTS = ("test", "val", "valid", "validation", "dev")  # what stands in the place of `train`, the likeliest first
PICKLED = (
    "holds Python objects, which only pickle reads, and a pickle can run anything: save sequences of different lengths "
    "padded, with a whole number for each in `lengths`"
)
READ = ("columns = np.load(Path(__file__).parent / path)",)
READ_PARTS = (
    "arrays = np.load(Path(__file__).parent / path)",
    'pairs = {name: (arrays[name], arrays[name.replace("train", "TEST")]) for name in NAMES}',
    "columns = {name: np.concatenate(pair) for name, pair in pairs.items()}",
)


def find(path: Path, shown: str) -> Source:
    """The arrays that have one row an example; arrays for `train` and `test` are told by their names.

    Raises:
        RefkitError: no .npz, or nothing in it that has rows.
    """
    arrays = load(path, shown)
    train = [name for name in arrays if "train" in name]
    test = next((word for word in TESTS if train and all(other(name, word) in arrays for name in train)), None)
    if train and test:
        parts = {
            "train": {name: arrays[name] for name in train},
            "test": {name: arrays[other(name, test)] for name in train},
        }
        rest = [name for name in arrays if name not in train and name not in [other(n, test) for n in train]]
    else:
        count = rows_of(arrays)
        parts = {"all": {name: array for name, array in arrays.items() if array.ndim and len(array) == count}}
        flat = flat_steps(arrays, parts["all"])
        parts["all"] |= flat
        rest = [name for name in arrays if name not in parts["all"]]
    kept = next(iter(parts.values()))
    if not kept:
        raise RefkitError(f"`{shown}` holds no array with rows: save inputs and targets with one row an example")
    for part, columns in parts.items():
        lengths = {name: len(array) for name, array in columns.items() if train and test}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"`{name}` {count}" for name, count in lengths.items())
            raise RefkitError(f"the arrays of `{shown}` for `{part}` differ in their rows ({said}): save them anew")
    names = tuple_text(kept)
    split = bool(train and test)
    read = tuple(line.replace("NAMES", names).replace("TEST", test or "") for line in (READ_PARTS if split else READ))
    count = {part: count_rows(columns) for part, columns in parts.items()}
    skipped = {name: "it has not one row an example" for name in rest}
    first = f'len(arrays["{train[0]}"])' if split else ""
    return Source(shown, f"{len(arrays)} arrays", parts, count, read, first, skipped=skipped)


def load(path: Path, shown: str) -> Columns:
    try:
        with np.load(path, allow_pickle=False) as file:
            if not hasattr(file, "files"):
                raise RefkitError(f"`{shown}` is one array: save inputs and targets together with `np.savez`")
            return {name: read_array(file, name, shown) for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise RefkitError(f"`{shown}` cannot be read as an .npz ({error}): save it anew with `np.savez`") from error


def read_array(file, name: str, shown: str) -> np.ndarray:
    try:
        return file[name]
    except ValueError as error:
        raise RefkitError(f"`{name}` in `{shown}` {PICKLED}") from error


def other(name: str, word: str) -> str:
    return name.replace("train", word)


def rows_of(arrays: Columns) -> int:
    """The number of rows that most of the arrays have; of several, the one of an array that is called like a target."""
    counts = [len(array) for array in arrays.values() if array.ndim]
    named = [len(a) for name, a in arrays.items() if a.ndim and re.search(r"^y|label|target|class", name)]
    return max(counts, key=lambda count: (counts.count(count) + (count in named) / 2, count), default=0)


def flat_steps(arrays: Columns, columns: Columns) -> Columns:
    """Sequences one after the other in one array: those whose `lengths` add up to its rows."""
    totals = {int(a.sum()) for name, a in columns.items() if "length" in name.lower() and a.dtype.kind in "iu"}
    return {
        name: array for name, array in arrays.items() if name not in columns and array.ndim and len(array) in totals
    }


def count_rows(columns: Columns) -> int:
    return min(len(array) for array in columns.values())
