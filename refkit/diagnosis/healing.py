"""A departure that nothing explains: the reference's value in the place of yours, so that what lies behind is seen, too."""

import numpy as np

from refkit.alignment.layout import merging_orders
from refkit.diagnosis.aligned import Aligned, align
from refkit.diagnosis.nearness import matched_ancestors

Replaced = dict[int, np.ndarray]


def heal(current: Aligned, before: Replaced) -> tuple[Aligned, Replaced] | None:
    """Put a value of the reference in the place of yours, such that yours goes on along with the reference.

    Args:
        before: values that are replaced already, by node.

    Returns:
        The new alignment and all values that are replaced in it; None where no value does it.
    """
    alignment = current.alignment
    yours, reference = alignment.yours, alignment.reference
    taken = {m for m in alignment.matched if m >= 0}
    start = alignment.departure
    places = [
        node
        for node in range(start, min(start + 40, len(yours)))
        if alignment.relevant[node] and alignment.informative[node] and not alignment.ok[node]
    ][:8]
    after = max((alignment.matched[n] for n in matched_ancestors(current) if alignment.matched[n] >= 0), default=-1)
    targets = [
        node
        for node in range(after + 1, len(reference))
        if reference.data[node] and node not in taken and reference.values[node].dtype.kind == "f"
    ][:24]
    best = None
    for place in places:
        if place == alignment.output:
            continue
        for target in targets:
            value = laid_out(reference.values[target], yours.values[place].shape)
            if value is None:
                continue
            replaced = {**before, place: value}
            healed = align(current.yours, current.side, current.pairing, current.kind, replaced)
            if healed.alignment.score > current.alignment.score + 1 or healed.whole:
                if best is None or healed.rank > best[0].rank:
                    best = (healed, replaced)
    return best


def laid_out(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """`value` with its axes turned and merged to `shape`, if it can be."""
    if value.shape == shape:
        return value
    if value.size != int(np.prod(shape)):
        return None
    wide = [size for size in value.shape if size != 1]
    orders = merging_orders(tuple(wide), tuple(size for size in shape if size != 1))
    return value.reshape(wide).transpose(orders[0]).reshape(shape) if orders else None
