"""Breast cancer, to classify."""

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.scikit_learn import ScikitLearnTable
from refkit.references import mlp


class BreastCancer(ScikitLearnTable):
    """569 tumours of the Wisconsin set of scikit-learn: 30 measured features, malignant or benign."""

    inputs, target = ("features",), "label"

    def columns(self):
        return {
            "features": tfds.features.Tensor(shape=(30,), dtype=np.float32),
            "label": tfds.features.ClassLabel(names=["malignant", "benign"]),
        }

    @staticmethod
    def table():
        return mlp.breast_cancer()
