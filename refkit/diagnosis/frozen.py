"""States that a mask keeps as they are: each is right by itself, whatever is made of it."""

from refkit.alignment.matching import Alignment
from refkit.diagnosis.blame import LAYOUT, same_line


def behind_mask(before: Alignment, after: Alignment, node: int) -> int:
    """The step to blame for a departure at `node`, where that only keeps a state at the end of a sequence.

    A program that freezes its states at padding has values which the reference, that looks the last state up, has not.
    Where the wrong one of two states is used in the end, they depart before that use.

    Args:
        before, after: the alignments without and with the edit that explains the departure.
    """
    yours = before.yours
    if not is_frozen_state(before, node):
        return node
    for other in range(node + 1, len(yours)):
        explained = after.matched[other] >= 0 and not before.ok[other] and before.relevant[other]
        if explained and yours.ops[other] not in LAYOUT | {"select_n"} and yours.sites[other] is not None:
            return other
    return node


def is_frozen_state(alignment: Alignment, node: int) -> bool:
    """Whether a `where` takes what one line of the reference gives, at this step and at the one before."""
    yours, reference = alignment.yours, alignment.reference
    if yours.ops[node] != "select_n":
        return False
    matched = [alignment.matched[parent] for parent in yours.parents[node][1:]]
    if any(match < 0 for match in matched):
        return False
    first = reference.sites[matched[0]]
    return all(same_line(reference.sites[match], first) for match in matched)
