"""Handwritten digits."""

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder
from refkit.references import lenet


class Digits(OfflineBuilder):
    """1,797 handwritten digits of scikit-learn at 28×28: every pixel tripled, two added around."""

    inputs, target = ("image",), "label"

    def columns(self):
        return {
            "image": tfds.features.Tensor(shape=(28, 28, 1), dtype=np.uint8),
            "label": tfds.features.ClassLabel(num_classes=10),
        }

    def splits(self):
        return dict(zip(("train", "test"), lenet.load_data(), strict=True))
