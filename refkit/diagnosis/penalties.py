"""What a loss adds that depends on the parameters alone: a penalty, whatever its formula is."""

import numpy as np

from refkit.diagnosis.aligned import Aligned, align
from refkit.diagnosis.candidates import Candidate

ADDING = ("add", "add_any", "sub")


def without_penalty(
    current: Aligned, replaced: dict[int, np.ndarray]
) -> tuple[Candidate, Aligned, dict[int, np.ndarray]] | None:
    """The choice to add a penalty, the alignment without it, and all values that are replaced there; None where none is added.

    Args:
        replaced: values of yours that are replaced already, by node.
    """
    alignment = current.alignment
    yours, node = alignment.yours, alignment.departure
    if current.kind != "loss" or yours.ops[node] not in ADDING or yours.values[node].ndim:
        return None
    kept = [parent for parent in yours.parents[node] if yours.data[parent] and alignment.ok[parent]]
    added = [parent for parent in yours.parents[node] if not yours.data[parent]]
    if len(kept) != 1 or len(added) != 1 or not of_parameters(current, added[0]):
        return None
    without = {**replaced, node: yours.values[kept[0]]}
    after = align(current.yours, current.side, current.pairing, current.kind, without)
    if not after.whole and after.alignment.score <= alignment.score:
        return None
    return Candidate(current.side.setting, "choice", "penalty", "of-another-kind"), after, without


def of_parameters(current: Aligned, node: int) -> bool:
    """Whether a value is computed from parameters, and not from constants."""
    trace = current.alignment.yours
    feeding = trace.ancestors([node])
    return any(feeding[argument] for argument in trace.arguments[: len(current.yours.kinds)])
