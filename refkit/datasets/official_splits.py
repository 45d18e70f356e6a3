"""The splits of the UCI regression sets that published figures are means over."""

import os

import numpy as np

from refkit.datasets.arrays import load_arrays
from refkit.errors import RefkitError


def official_split(name: str, number: int, data_dir: str | os.PathLike | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Training rows and test rows, `i64[rows]` each, ascending, of `load_arrays(name)["whole"]`.

    Args:
        name: `uci_regression/boston`.
        number: from 0; there are 20, of `protein` 5.
        data_dir: TFDS's folder, as for `load_arrays`.

    Raises:
        RefkitError: there is no such set or split.
    """
    held_out = load_arrays(name, data_dir).get("whole", {}).get("held_out")
    if held_out is None:
        raise RefkitError(f"data set `{name}` has no official splits: give one of `uci_regression`")
    if not 0 <= number < held_out.shape[1]:
        raise RefkitError(f"data set `{name}` has no split {number}: give 0 to {held_out.shape[1] - 1}")
    return np.flatnonzero(~held_out[:, number]), np.flatnonzero(held_out[:, number])
