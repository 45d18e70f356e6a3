"""Diabetes, to regress."""

import numpy as np
import tensorflow_datasets as tfds
from sklearn.datasets import load_diabetes

from refkit.datasets.scikit_learn import ScikitLearnTable


class Diabetes(ScikitLearnTable):
    """442 patients of scikit-learn: 10 features in their own units, and how far the disease has gone a year later."""

    inputs, target = ("features",), "target"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(10,), dtype=np.float32),
            "target": tfds.features.Scalar(dtype=np.float32),
        }

    @staticmethod
    def table():
        features, targets = load_diabetes(return_X_y=True, scaled=False)
        return features.astype(np.float32), targets.astype(np.float32)
