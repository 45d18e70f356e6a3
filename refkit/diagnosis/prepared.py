"""What a training step does to its inputs before the model takes them: augments, scales, adds noise."""

import numpy as np

from refkit.diagnosis.aligned import Aligned, align
from refkit.diagnosis.candidates import Candidate
from refkit.tracing.trace import Trace

PREPARATION = "preparation"  # no option of the references: what it comes to is judged by the rung `data`


def taken_as_prepared(
    current: Aligned, replaced: dict[int, np.ndarray]
) -> tuple[Candidate, Aligned, dict[int, np.ndarray]] | None:
    """The choice to prepare inputs in the step, the alignment with the plain input, and all values that are replaced there.

    None where the departure depends on parameters, or the model takes nothing of the input's size that comes of it.

    Args:
        replaced: values of yours that are replaced already, by node.
    """
    if current.kind != "loss":
        return None
    alignment, yours = current.alignment, current.alignment.yours
    learned = fed_by(yours, yours.arguments[: len(current.yours.kinds)])
    if learned[alignment.departure]:
        return None
    inputs = yours.arguments[len(current.yours.kinds) :][: len(current.yours.inputs)]
    made_of = yours.ancestors([alignment.departure])
    if sum(made_of[node] and yours.values[node].dtype.kind == "f" for node in inputs) != 1:
        return None
    best = None
    for node in entrances(yours, alignment.departure, learned):
        value = yours.values[node]
        for plain in plain_values(current, made_of, value.shape):
            changed = {**replaced, node: plain.reshape(value.shape)}
            after = align(current.yours, current.side, current.pairing, current.kind, changed)
            if (after.whole or after.alignment.score > alignment.score) and (best is None or after.rank > best[0].rank):
                best = after, changed
    if best is None:
        return None
    return Candidate(current.side.setting, "choice", PREPARATION, ""), *best


def fed_by(trace: Trace, arguments: list[int]) -> list[bool]:
    """Whether each node is computed from any of these arguments."""
    found = [False] * len(trace)
    for node in arguments:
        found[node] = True
    for node, parents in enumerate(trace.parents):
        found[node] = found[node] or any(found[parent] for parent in parents)
    return found


def plain_values(current: Aligned, made_of: list[bool], shape: tuple[int, ...]) -> list[np.ndarray]:
    """What the departure is made of that has the shape of an input and is as the reference has it, the latest first."""
    trace, alignment = current.alignment.yours, current.alignment
    nodes = [node for node in range(alignment.departure) if made_of[node] and alignment.ok[node] and trace.data[node]]
    values = [trace.values[node] for node in reversed(nodes) if trace.values[node].dtype.kind == "f"]
    return [value for value in values if sizes(value.shape) == sizes(shape)]


def sizes(shape: tuple[int, ...]) -> list[int]:
    return [size for size in shape if size != 1]


def entrances(trace: Trace, departure: int, learned: list[bool]) -> list[int]:
    """Nodes from the departure on that the model may take its input from: what is computed of them depends on parameters."""
    behind = fed_by(trace, [departure])
    consumers = trace.consumers()
    return [
        node
        for node in range(departure, len(trace))
        if behind[node]
        and not learned[node]
        and trace.values[node].dtype.kind == "f"
        and any(learned[consumer] for consumer in consumers[node])
    ]
