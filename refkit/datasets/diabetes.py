"""Diabetes, to regress."""

import numpy as np
import tensorflow_datasets as tfds
from sklearn.datasets import load_diabetes

from refkit.datasets.offline import OfflineBuilder
from refkit.references import mlp


class Diabetes(OfflineBuilder):
    """442 patients of scikit-learn: 10 features in their own units, and how far the disease has gone a year later."""

    inputs, target = ("features",), "target"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(10,), dtype=np.float32),
            "target": tfds.features.Scalar(dtype=np.float32),
        }

    def splits(self):
        features, targets = load_diabetes(return_X_y=True, scaled=False)
        parts = mlp.split(features.astype(np.float32), targets.astype(np.float32))
        return dict(zip(("train", "test"), parts, strict=True))
