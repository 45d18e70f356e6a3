"""Handwritten digits as a table."""

import numpy as np
import tensorflow_datasets as tfds
from sklearn.datasets import load_digits

from refkit.datasets.scikit_learn import ScikitLearnTable


class DigitsFeatures(ScikitLearnTable):
    """1,797 handwritten digits of scikit-learn, 8×8 pixels of 0 to 16 in a row each: 64 features."""

    inputs, target = ("features",), "label"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(64,), dtype=np.float32),
            "label": tfds.features.ClassLabel(num_classes=10),
        }

    @staticmethod
    def table():
        features, labels = load_digits(return_X_y=True)
        return features.astype(np.float32), labels.astype(np.int32)
