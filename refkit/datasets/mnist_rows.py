"""MNIST read row by row: a picture as a sequence of 28 steps of 28 pixels."""

import numpy as np

from refkit.datasets.view import Arrays, View


def read_rows(images: np.ndarray) -> np.ndarray:
    """`u8[n, height, width, 1]` in 0..255 to `f32[n, height, width]` in [0, 1]: the top row is the first step."""
    return images[..., 0].astype(np.float32) / 255


def see(arrays: Arrays) -> Arrays:
    return {
        split: {"sequence": read_rows(columns["image"]), "label": columns["label"]} for split, columns in arrays.items()
    }


MNIST_ROWS = View("mnist_rows", of="mnist", see=see, inputs=("sequence",), target="label")
