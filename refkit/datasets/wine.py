"""Wine, to classify."""

import numpy as np
import tensorflow_datasets as tfds
from sklearn.datasets import load_wine

from refkit.datasets.scikit_learn import ScikitLearnTable


class Wine(ScikitLearnTable):
    """178 wines of scikit-learn: 13 measured features in their own units, and which of three growers made it."""

    inputs, target = ("features",), "label"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(13,), dtype=np.float32),
            "label": tfds.features.ClassLabel(num_classes=3),
        }

    @staticmethod
    def table():
        features, labels = load_wine(return_X_y=True)
        return features.astype(np.float32), labels.astype(np.int32)
