"""Single cells of a file of predictions: what is missing in a column, and how its row is called."""

import numpy as np

from refkit.errors import RefkitError

NUMBER, WORD, TRUTH = "iuf", "OUS", "b"


def is_numeric(column: np.ndarray) -> bool:
    return column.dtype.kind in NUMBER


def is_whole(column: np.ndarray) -> bool:
    """Whether every value is a whole number, or a truth value."""
    return column.dtype.kind in "iub" or (column.dtype.kind == "f" and bool(np.all(np.mod(column, 1) == 0)))


def missing(column: np.ndarray) -> np.ndarray:
    """Where nothing is, or no finite number: `bool[rows]`."""
    if column.dtype.kind == "f":
        bad = ~np.isfinite(column)
        return bad if bad.ndim == 1 else bad.any(axis=tuple(range(1, bad.ndim)))
    if column.dtype.kind == "O":
        return np.array([value is None or value != value or value == "" for value in column.tolist()], bool)
    if column.dtype.kind in "US":
        return column == column.dtype.type()
    return np.zeros(len(column), bool)


def require_whole_column(column: np.ndarray, name: str, source: str, first_line: int) -> None:
    """Raise a sentence that names the first cell without a value."""
    bad = np.flatnonzero(missing(column))
    if bad.size:
        value = column[bad[0]]
        is_number = isinstance(value, (float, np.floating))
        what = "infinite" if is_number and np.isinf(value) else "NaN" if is_number else "empty"
        if np.ndim(value):
            what = "NaN or infinite"
        others = f", and {bad.size - 1} more" if bad.size > 1 else ""
        raise RefkitError(
            f"`{name}` of `{source}` is {what} in {row_words(int(bad[0]), first_line)}{others}: give every row a value, "
            "or leave the row out and say so"
        )


def row_words(row: int, first_line: int) -> str:
    """`line 19` of a text file; `row 17`, from 0, of others."""
    return f"line {row + first_line}" if first_line else f"row {row} (from 0)"
