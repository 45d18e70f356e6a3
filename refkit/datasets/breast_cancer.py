"""Breast cancer, to classify."""

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder
from refkit.references import mlp


class BreastCancer(OfflineBuilder):
    """569 tumours of the Wisconsin set of scikit-learn: 30 measured features, malignant or benign."""

    inputs, target = ("features",), "label"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(30,), dtype=np.float32),
            "label": tfds.features.ClassLabel(names=["malignant", "benign"]),
        }

    def splits(self):
        return dict(zip(("train", "test"), mlp.load_data(), strict=True))
