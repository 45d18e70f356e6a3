"""An offline data set: a TFDS builder whose examples are computed here, so that it needs neither a network nor TensorFlow."""

import abc
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

FORMAT = "array_record"


class OfflineInfo(tfds.core.DatasetInfo):
    """A data set's description that is never looked up in the cloud."""

    def initialize_from_bucket(self) -> None:
        """Nothing: everything there is to know is known here."""


class OfflineBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """A set of arrays, prepared as array_record and kept in the order in which it was computed.

    A subclass names its `inputs` and its `target`, and gives `columns` and `splits`. Raise its VERSION with any change
    of what they give: what has been prepared once is not computed again. A set whose pictures are shared by several
    examples keeps each picture once, and says in `arrange` which examples they make.
    """

    VERSION = tfds.core.Version("1.0.0")
    inputs: tuple[str, ...]
    target: str

    @abc.abstractmethod
    def columns(self) -> dict[str, Any]:
        """What one example holds: TFDS's features by name."""

    @abc.abstractmethod
    def splits(self) -> dict[str, tuple[np.ndarray, ...]]:
        """The examples of `train` and `test`: one array a column, in the columns' order."""

    def check_sources(self) -> None:
        """Nothing is missing: a set that is computed needs no file.

        Raises:
            RefkitError: what the set is made from is not there.
        """

    @staticmethod
    def arrange(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A split as `load_arrays` gives it, from the split as it is kept: the same."""
        return columns

    def _info(self) -> tfds.core.DatasetInfo:
        return OfflineInfo(
            builder=self,
            description=type(self).__doc__,
            features=tfds.features.FeaturesDict(self.columns()),
            supervised_keys=(self.inputs[0], self.target) if len(self.inputs) == 1 else None,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager) -> dict[str, Iterator[tuple[int, dict]]]:
        return {name: self._generate_examples(arrays) for name, arrays in self.splits().items()}

    def _generate_examples(self, arrays: tuple[np.ndarray, ...]) -> Iterator[tuple[int, dict]]:
        for key, row in enumerate(zip(*arrays, strict=True)):
            yield key, dict(zip(self.columns(), row, strict=True))
