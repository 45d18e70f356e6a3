"""Shapes and questions."""

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder
from refkit.references import multimodal


class ShapesAndQuestions(OfflineBuilder):
    """12,000 pictures with a shape in each half and a question of eight words on one of them."""

    inputs, target = ("image", "words"), "label"

    def columns(self):
        return {
            "image": tfds.features.Tensor(shape=(28, 28, 1), dtype=np.uint8),
            "words": tfds.features.Tensor(shape=(8,), dtype=np.int32),
            "label": tfds.features.ClassLabel(names=list(multimodal.ANSWERS)),
        }

    def splits(self):
        generate = multimodal.shapes_and_questions
        return {"train": generate(10_000, seed=0), "test": generate(2_000, seed=1)}
