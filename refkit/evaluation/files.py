"""The columns of a file of predictions: CSV, Parquet or .npz, each array with one row an answer."""

from pathlib import Path

import numpy as np

from refkit.errors import RefkitError

KINDS = (".csv", ".parquet", ".npz")
CLASSES = "classes"  # of an .npz: what the columns of its scores stand for


def read_columns(file: Path) -> dict[str, np.ndarray]:
    """Every column by its name, all of one length but `classes`.

    Raises:
        RefkitError: the file is not there, is of another kind, cannot be read, has no rows, or columns of two lengths.
    """
    reader = {".csv": of_csv, ".parquet": of_parquet, ".npz": of_npz}.get(file.suffix.lower())
    if reader is None:
        raise RefkitError(f"`{file.name}` is no file of predictions: give one that ends in {', '.join(KINDS)}")
    if not file.is_file():
        raise RefkitError(f"`{file}` is not there: give a file of predictions ({', '.join(KINDS)})")
    try:
        columns = reader(file)
    except RefkitError:
        raise
    except Exception as error:  # noqa: BLE001: each reader has errors of its own
        said = " ".join(str(error).split())[:160]
        raise RefkitError(f"`{file.name}` cannot be read as {file.suffix[1:]}: {said}; write it anew") from error
    lengths = {len(column) for name, column in columns.items() if name != CLASSES}
    if not lengths or lengths == {0}:
        raise RefkitError(f"`{file.name}` has no rows: write one row for each prediction")
    if len(lengths) > 1:
        said = ", ".join(f"`{name}` {len(column)}" for name, column in columns.items())
        raise RefkitError(
            f"the arrays of `{file.name}` have different lengths ({said}): give each one row a prediction"
        )
    return columns


def of_csv(file: Path) -> dict[str, np.ndarray]:
    from pyarrow import csv

    return of_table(
        csv.read_csv(file, convert_options=csv.ConvertOptions(null_values=["", "NA", "null", "None"])), file
    )


def of_parquet(file: Path) -> dict[str, np.ndarray]:
    from pyarrow import parquet

    return of_table(parquet.read_table(file), file)


def of_table(table, file: Path) -> dict[str, np.ndarray]:
    twice = [name for name in table.column_names if table.column_names.count(name) > 1]
    if twice:
        raise RefkitError(f"`{file.name}` has two columns called `{twice[0]}`: give each a name of its own")
    return {name: as_array(column) for name, column in zip(table.column_names, table.columns)}


def as_array(column) -> np.ndarray:
    """Numbers and truth values as such, lists of one length as a matrix, all else as objects, None where nothing is."""
    import pyarrow as arrow

    if arrow.types.is_boolean(column.type) and not column.null_count:
        return column.to_numpy()
    if arrow.types.is_integer(column.type) or arrow.types.is_floating(column.type):
        return column.to_numpy()  # nulls of integers become NaN
    if arrow.types.is_list(column.type) or arrow.types.is_fixed_size_list(column.type):
        try:
            return np.array(column.to_pylist(), float)
        except (TypeError, ValueError):  # of words, or of different lengths
            return np.array([None if value is None else str(value) for value in column.to_pylist()], object)
    return np.array(column.to_pylist(), object)


def of_npz(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as arrays:
        columns = {name: arrays[name] for name in arrays.files}
    single = [name for name, array in columns.items() if array.ndim == 0]
    if single:
        raise RefkitError(f"`{single[0]}` in `{file.name}` is a single value: give an array with one row a prediction")
    return {
        name: array[:, 0] if array.ndim == 2 and array.shape[1] == 1 and name != "scores" else array
        for name, array in columns.items()
    }
