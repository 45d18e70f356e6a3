"""An experiment of a second, for tests."""

import dataclasses

import numpy as np

from refkit.experiments.protocol import Examples
from refkit.experiments.protocols import find_protocol


def few(seed):
    """Two clouds of 40 points in 30 dimensions."""
    rng = np.random.default_rng(0)
    labels = np.arange(80, dtype=np.int32) % 2
    x = (rng.normal(size=(80, 30)) + labels[:, None]).astype(np.float32)
    return Examples((x[:60], labels[:60]), (x[60:], labels[60:]))


PROTOCOL = dataclasses.replace(find_protocol("mlp"), data="clouds", examples=few, epochs=4, evaluations=2, seeds=3)
