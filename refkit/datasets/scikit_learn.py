"""A small table that scikit-learn brings along."""

import abc

import numpy as np

from refkit.datasets.offline import OfflineBuilder
from refkit.references import mlp


class ScikitLearnTable(OfflineBuilder, skip_registration=True):
    """Features and classes or numbers; four rows in five, shuffled, are `train`, the others `test`."""

    @staticmethod
    @abc.abstractmethod
    def table() -> tuple[np.ndarray, np.ndarray]:
        """All rows in scikit-learn's order: `f32[rows, features]`, and `i32` or `f32[rows]`."""

    def splits(self):
        return dict(zip(("train", "test"), mlp.split(*self.table()), strict=True))
