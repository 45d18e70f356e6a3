"""One difference between yours and the reference: the edit, the line, the bugs that come near."""

import dataclasses
import re

import numpy as np

from refkit.diagnosis.aligned import Aligned
from refkit.diagnosis.blame import LAYOUT, blamed_node, same_line
from refkit.diagnosis.calls import calling_site
from refkit.diagnosis.candidates import Candidate
from refkit.diagnosis.chosen import chosen_before, given_zeros, returned_alone, returned_zeros
from refkit.diagnosis.frozen import behind_mask
from refkit.diagnosis.nearness import matched_ancestors
from refkit.diagnosis.passing import behind_gap, passing_site, reader_of
from refkit.diagnosis.wording import site_closing_over, site_saying
from refkit.edits.bug import Bug
from refkit.edits.catalogue import find_bug
from refkit.tracing.trace import Site, Trace

LEFT_OUT = re.compile("missing|omitted")


@dataclasses.dataclass
class Difference:
    """One edit, or one departure that no edit explains.

    Attributes:
        candidate: the edit; None where unexplained.
        before: the alignment in which it is the first departure.
        node: the node of yours whose line departs.
        rivals: other ids with the distance of the value that they give.
        target: the reference's node beside it, or None.
        after: the alignment with the edit, or None.
        site: the line to name, where it is not the node's; known when everything is explained.
    """

    candidate: Candidate | None
    before: Aligned
    node: int
    rivals: list[tuple[str, float]]
    target: int | None
    after: Aligned | None = None
    site: Site | None = None


@dataclasses.dataclass
class Explained:
    """All differences of one program."""

    differences: list[Difference]
    final: Aligned


def describe(candidate: Candidate | None, before: Aligned, after: Aligned, tried) -> Difference:
    """A difference with its line, its rivals and the reference's value beside it."""
    steps = [] if candidate is None or candidate.bug is None else visible_steps(candidate, after)
    trace = after.alignment.reference
    node = blamed_node(before.alignment, after.alignment.known, is_layout(trace, steps), min(steps, default=0))
    node = behind_mask(before.alignment, after.alignment, node)
    return Difference(candidate, before, node, rank_rivals(candidate, tried), target_of(before), after)


def explained(differences: list[Difference], final: Aligned) -> Explained:
    """All differences, with the lines of bugs that are told by what comes later."""
    for difference in differences:
        if difference.candidate is not None and difference.candidate.bug is not None:
            bug = find_bug(difference.candidate.id)
            repeated = is_repeated(difference, differences)
            difference.site = (
                None if repeated else site_to_blame(bug, difference.before, difference.node, difference.after, final)
            )
    return Explained(differences, final)


def visible_steps(candidate: Candidate, after: Aligned) -> list[int]:
    """The steps of the edited reference on the line on which the edit first shows."""
    side = after.side
    source, visible = side.reference.source, candidate.bug.edit.visible
    if not visible or source.count(visible) != 1:
        return []
    line = source[: source.index(visible)].count("\n") + 1
    return [k for k, site in enumerate(side.run(after.kind).trace.sites) if site is not None and site.line == line]


def is_layout(trace: Trace, steps: list[int]) -> bool:
    """Whether all of the steps only slice, reshape or turn."""
    ops = {trace.ops[k] for k in steps}
    return bool(ops) and ops <= LAYOUT | {"argument", "literal", "iota", "select_n", "lt", "add"}


def is_repeated(difference: Difference, differences: list[Difference]) -> bool:
    """Whether the same bug is found on the same line once more: then the line is wrong, whoever calls it."""
    here = difference.before.alignment.yours.sites[difference.node]
    return any(
        other is not difference
        and other.candidate is not None
        and other.candidate.id == difference.candidate.id
        and same_line(other.before.alignment.yours.sites[other.node], here)
        for other in differences
    )


def site_to_blame(
    bug: Bug, before: Aligned, node: int, after: Aligned | None = None, final: Aligned | None = None
) -> Site | None:
    """The line of a bug that is not the first wrong value's.

    Args:
        before: the alignment in which it departs.
        node: the step that departs.
        after: the alignment with the bug's edit, if it has one.
        final: the alignment with everything explained.
    """
    trace = before.alignment.yours
    said = site_saying(bug, trace, node) if bug.blames == "words" else None
    if said is not None:
        return said
    if bug.blames in ("choice", "operand"):
        return chosen_before(before.alignment, before.alignment.departure, made=bug.blames == "operand")
    if bug.blames == "start":
        return given_zeros(before.alignment.yours, node)
    if bug.blames == "zeros":
        return returned_zeros(before.alignment.yours, node)
    if bug.blames == "return":
        return returned_alone(before.alignment.yours, before.alignment.departure) or calling_site(
            before, node, after, final
        )
    if bug.blames == "closure":
        return site_closing_over(trace, node)
    site = calling_site(before, node, after, final)
    if site is None and LEFT_OUT.search(bug.id):
        site = reader_of(trace, node) or passing_site(before.alignment, node) or behind_gap(trace, node)
    return site


def target_of(before: Aligned) -> int | None:
    """The reference's value that stands where yours departs: the next one of its size that yours does not have."""
    alignment = before.alignment
    yours, reference = alignment.yours, alignment.reference
    taken = {m for m in alignment.matched if m >= 0}
    size = yours.values[alignment.departure].size
    after = max((alignment.matched[n] for n in matched_ancestors(before) if alignment.matched[n] >= 0), default=-1)
    for node in range(after + 1, len(reference)):
        if reference.data[node] and node not in taken and reference.values[node].size == size:
            if reference.sites[node] is not None and reference.values[node].dtype.kind == "f":
                return node
    return None


def rank_rivals(candidate: Candidate | None, tried: list[tuple[Candidate, float]]) -> list[tuple[str, float]]:
    """Every bug's id with the smallest distance that one of its forms came to; the one that was found first."""
    found: dict[str, float] = {}
    for other, distance in tried:
        found[other.id] = min(distance, found.get(other.id, np.inf))
    order = sorted(found.items(), key=lambda item: item[1])
    if candidate is not None and candidate.kind == "bug":
        order = [(candidate.id, 0.0), *(item for item in order if item[0] != candidate.id)]
    return [(id, float(distance)) for id, distance in order if np.isfinite(distance)][:5]


def distance_to(current: Aligned, after: Aligned) -> float:
    """How near the edited reference comes to your departing value, as a share of its largest element."""
    alignment = current.alignment
    value = alignment.yours.values[alignment.departure]
    trace = after.alignment.reference
    mine = np.sort(value.ravel())
    scale = float(np.abs(mine).max()) or 1.0
    best = np.inf
    for node in range(len(trace)):
        other = trace.values[node]
        if trace.data[node] and other.dtype.kind == "f" and other.size == mine.size:
            best = min(best, float(np.abs(np.sort(other.ravel()) - mine).max()) / scale)
    return best
