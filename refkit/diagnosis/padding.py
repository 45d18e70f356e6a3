"""Whether a program takes the id 0 for padding, and sequences of ids that have some."""

import numpy as np

from refkit.diagnosis.probe import label_value
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program
from refkit.tracing.trace import Trace

COMPARISONS = {
    "eq": (0, 1),
    "ne": (0, 1),
    "gt": (0,),
    "lt": (1,),
}  # and the operands that may be ids: `id < 0` is indexing
PASSING = {
    "reshape",
    "transpose",
    "slice",
    "squeeze",
    "broadcast_in_dim",
    "convert_element_type",
    "slice-of-scan",
    "rev",
}


def heeds_padding(yours: Yours) -> bool:
    """Whether the forward pass or the loss compares ids with 0."""
    return any(compares_with_zero(yours, trace) for trace in traces(yours))


def masks_states(yours: Yours) -> bool:
    """Whether the forward pass compares ids with 0 and gives one result a sequence: then it is not to read behind its end."""
    forward = next(traces(yours))
    return forward.values[forward.outputs[0]].ndim < 3 and compares_with_zero(yours, forward)


def traces(yours: Yours):
    """The forward pass and, where there is one, the loss on labels that it takes, on any parameters."""
    leaves = [yours.constants.get(k, np.full(shape.shape, 0.1)) for k, shape in enumerate(yours.shapes)]
    forward = evaluate(yours.forward, [*leaves, *yours.input_values])
    yield forward
    implementation = yours.implementation
    if implementation.loss is None:
        return
    output = forward.values[forward.outputs[0]].shape
    labels = label_value(output, implementation.label_dtype == "float32", len(yours.input_values[0]))
    try:
        program: Program = yours.trace_loss(labels)
        yield evaluate(program, [*leaves, *yours.input_values, labels])
    except Exception:  # noqa: BLE001: your loss may raise anything on labels that it is not for
        return


def compares_with_zero(yours: Yours, trace: Trace) -> bool:
    first = len(yours.kinds)
    ids = {trace.arguments[first + k] for k, record in enumerate(yours.inputs) if record.kind == "tokens"}
    for node, (op, parents) in enumerate(zip(trace.ops, trace.parents)):
        if op in PASSING and ids & set(parents):
            ids.add(node)
        elif any(parents[place] in ids for place in COMPARISONS.get(op, ())):
            others = [trace.values[parent] for parent in parents if parent not in ids]
            if all(other.size and not other.any() for other in others):
                return True
    return False


def padded(tokens: np.ndarray) -> np.ndarray:
    """The same ids with zeros from some step on, another one in every example."""
    lengths = 1 + np.arange(len(tokens)) * 2 % tokens.shape[1]
    return np.where(np.arange(tokens.shape[1]) < lengths[:, None], tokens, 0).astype(tokens.dtype)
