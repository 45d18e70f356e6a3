"""Lines at which a model in training mode draws random numbers."""

import numpy as np

from refkit.diagnosis.steps.stepping import KEY
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate


def drawing_lines(yours: Yours) -> frozenset[int]:
    """Of your file, 0 for one that is not known; none where your model cannot be run in training mode."""
    try:
        values = [np.zeros(shape.shape, shape.dtype) for shape in yours.shapes]
        trace = evaluate(yours.training, [*values, *yours.input_values, KEY])
    except Exception:  # noqa: BLE001: in training mode your model may want anything
        return frozenset()
    sites = [trace.sites[k] for k, op in enumerate(trace.ops) if op == "random_bits"]
    return frozenset(site.line if site is not None else 0 for site in sites)
