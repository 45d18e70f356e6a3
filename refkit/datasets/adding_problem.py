"""The adding problem."""

from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder
from refkit.references import lstm


class Steps(tfds.core.BuilderConfig):
    """The adding problem at one length."""

    def __init__(self, steps: int):
        super().__init__(name=f"steps{steps}", description=f"sequences of {steps} steps")
        self.steps = steps


class AddingProblem(OfflineBuilder):
    """12,560 sequences of values in -1..1, two of them marked: the target is 0.5 + (X1 + X2) / 4."""

    BUILDER_CONFIGS: ClassVar = [Steps(20), Steps(50), Steps(100)]
    inputs, target = ("sequence",), "target"

    def columns(self):
        return {
            "sequence": tfds.features.Tensor(shape=(self.builder_config.steps, 2), dtype=np.float32),
            "target": tfds.features.Scalar(dtype=np.float32),
        }

    def splits(self):
        train, test = ((x, targets[:, 0]) for x, targets in lstm.load_data(steps=self.builder_config.steps))
        return {"train": train, "test": test}
