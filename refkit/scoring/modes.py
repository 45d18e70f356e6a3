"""The ways of putting a program that is scored in training mode into evaluation mode, each with the bug that it then is."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager

from refkit.adapters.evaluating import evaluating
from refkit.adapters.evidence import Evidence
from refkit.adapters.own_modes import own_modes

LAYERS = {"Dropout": "dropout-at-evaluation", "BatchNorm": "batch-statistics-at-evaluation"}
NORMALISES = re.compile(r"batch_?norm|running|moving", re.I)


def evaluation_modes(evidence: Evidence) -> Iterator[tuple[str, AbstractContextManager]]:
    """Ids of known bugs, each with what mends it while it is open: Flax's layers one kind at a time, then the file's own."""
    present = [layer for layer in LAYERS if layer in evidence.source]
    for layer in present:
        yield LAYERS[layer], evaluating(evidence.source, (layer, *(other for other in present if other != layer)))
    normalises = NORMALISES.search(evidence.source) is not None
    yield LAYERS["BatchNorm" if normalises else "Dropout"], own_modes(evidence)
