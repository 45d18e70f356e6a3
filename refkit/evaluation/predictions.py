"""The record of a model's answers: what every file of predictions is read into."""

import dataclasses
import functools

import numpy as np

from refkit.evaluation.stages import SPLITS


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Answers to examples of several splits, one row an answer.

    Args:
        source: where they are from, as the user named it.
        split: `str[rows]`, each one of `stages.SPLITS`.
        label: class codes `i64[rows]`, or targets `f64[rows]`.
        prediction: likewise; None where there are only scores.
        scores: `f64[rows, classes]`, or `f64[rows, 1]` for the second class of two; None where there are none.
        classes: what the codes stand for, in order; empty for regression.
        id: number of the example that a row is of, `i64[rows]`; None where no column says which are the same.
        human: a human's predictions as `prediction`, with `answered`, `bool[rows]`, where there is one.
        columns: everything else that is known of a row, by name.
        pictures: `[rows, height, width]` or `[rows, height, width, channels]`; None where there are none.
        first_line: of the file's first row, to name a row by.
    """

    source: str
    split: np.ndarray
    label: np.ndarray
    prediction: np.ndarray | None = None
    scores: np.ndarray | None = None
    classes: tuple = ()
    id: np.ndarray | None = None
    human: np.ndarray | None = None
    answered: np.ndarray | None = None
    columns: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    pictures: np.ndarray | None = None
    first_line: int = 1

    @functools.cached_property
    def splits(self) -> dict[str, np.ndarray]:
        """Rows of each split that has some, `i64[examples]`."""
        found = {name: np.flatnonzero(self.split == name) for name in SPLITS}
        return {name: rows for name, rows in found.items() if len(rows)}

    def shown(self, code: float) -> str:
        """A label or prediction in the user's words."""
        return str(self.classes[int(code)]) if self.classes else f"{code:.4g}"
