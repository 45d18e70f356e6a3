"""Examples that come to depend on each other in training: one is changed, the others are watched."""

import re

import numpy as np

from refkit.diagnosis.steps.numbers import key_of
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate
from refkit.tracing.trace import Site, Trace

OF_BATCHES = re.compile(r"batch_?norm|batch_?stats|running|moving|mixup|cutmix", re.I)  # which mix examples on purpose
SAME = 1e-6


def mixing_line(yours: Yours, parameters: list[np.ndarray], source: str) -> Site | None:
    """The first line of the forward pass in training mode on which an example's values follow from another's.

    None where there is none, where evaluation mixes them, too (the rung `forward` says that), and where the file means to.

    Raises:
        Exception: whatever your model raises in training mode.
    """
    if OF_BATCHES.search(source) or "statistics" in yours.kinds:
        return None
    plain = yours.arguments(parameters)
    changed = [*plain[: len(yours.kinds)], *(other_last(value) for value in yours.input_values)]
    if rows_differ(*(output(evaluate(yours.forward, given)) for given in (plain, changed))):
        return None
    one, other = (evaluate(yours.training, [*given, key_of(0)]) for given in (plain, changed))
    if len(one) != len(other) or not rows_differ(output(one), output(other)):
        return None
    batch, feeds = len(yours.input_values[0]), one.ancestors(one.outputs[:1])
    for node, value in enumerate(one.values):
        shaped = value.ndim > 0 and len(value) == batch and value.dtype.kind == "f"
        if feeds[node] and shaped and one.sites[node] is not None and rows_differ(value, other.values[node]):
            return one.sites[node]
    return None


def other_last(value: np.ndarray) -> np.ndarray:
    """The same batch with another last example."""
    return np.concatenate([value[:-1], value[:1]]) if len(value) > 1 else value


def output(trace: Trace) -> np.ndarray:
    return trace.values[trace.outputs[0]]


def rows_differ(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether any example but the last differs."""
    if one.ndim == 0 or one.shape != other.shape or len(one) < 2:
        return False
    return not np.allclose(one[:-1], other[:-1], rtol=SAME, atol=SAME * (np.abs(one).max() or 1), equal_nan=True)
