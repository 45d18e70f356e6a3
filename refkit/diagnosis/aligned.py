"""Your program beside the reference at one setting, under one pairing of the parameters."""

import dataclasses

import numpy as np

from refkit.alignment.matching import Alignment
from refkit.alignment.pairing import Pairing, pair, variants
from refkit.diagnosis.bench import LARGE, Side
from refkit.diagnosis.blame import LAYOUT
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import Before, evaluate
from refkit.tracing.program import Program
from refkit.tracing.trace import Trace

MOST_VARIANTS = 160
AT_ONCE = 6
MOST_BETTER = 4  # pairings that a glance found better and that are looked at in full
LOOKAHEAD = 120  # nodes behind the departure that a glance takes in


@dataclasses.dataclass
class Aligned:
    """One program of yours, evaluated and aligned."""

    yours: Yours
    side: Side
    pairing: Pairing
    alignment: Alignment
    kind: str

    @property
    def whole(self) -> bool:
        return self.alignment.whole

    @property
    def shared(self) -> int:
        """How many of your values are the reference's."""
        return sum(match >= 0 for match in self.alignment.matched)

    @property
    def rank(self) -> tuple:
        return (self.whole, self.alignment.score, -self.pairing.missing)

    def open_leaves(self) -> set[int]:
        """Leaves that feed the departure and whose place no matching value has confirmed yet.

        A value confirms the reference's parameters that it depends on there; the gates of a cell are confirmed together,
        by a value that depends on all of them, since any two that are squashed alike can take each other's place.
        """
        alignment, pairing = self.alignment, self.pairing
        if alignment.departure is None:
            return set()
        depends = self.side.run(self.kind).depends
        confirmed, whole_cells = set(), set()
        cells: dict[str, set[str]] = {}
        for held in pairing.held:
            if held is not None and held.cell is not None:
                cells.setdefault(held.cell, set()).update(held.bundle.paths)
        for matched in set(alignment.matched) - {-1}:
            paths = depends[matched]
            confirmed |= paths
            whole_cells |= {cell for cell, parts in cells.items() if parts <= paths}
        found = set()
        for k in feeding(alignment.yours, departing(alignment), self.yours.places):
            held = pairing.held[k]
            if held is None or not confirmed.issuperset(held.bundle.paths):
                found.add(k)
            elif held.cell is not None and held.cell not in whole_cells:
                found.add(k)
        return found

    def open_cells(self) -> set[str]:
        """Recurrent cells that feed the departure and whose gates no value has confirmed yet."""
        held = [self.pairing.held[k] for k in self.open_leaves()]
        return {construct.cell for construct in held if construct is not None and construct.cell} - self.pairing.named


def departing(alignment: Alignment) -> list[int]:
    """The departure and what it leads to at once: a value that is only put together there shows in the next."""
    trace = alignment.yours
    nodes = [
        node for node in range(alignment.departure, len(trace)) if alignment.relevant[node] and not alignment.ok[node]
    ]
    return [*nodes[:1], *[node for node in nodes if trace.ops[node] not in LAYOUT][:AT_ONCE]]


def feeding(trace: Trace, nodes: list[int], places: list[int]) -> list[int]:
    """Which paired leaves any of the nodes depends on."""
    feeds = trace.ancestors(nodes)
    return [k for k, place in enumerate(places) if feeds[trace.arguments[place]]]


def align(
    yours: Yours, side: Side, pairing: Pairing, kind: str, replaced: dict[int, np.ndarray] | None = None
) -> Aligned:
    """Evaluate yours on the reference's parameters and compare."""
    return beside(yours, side, pairing, kind, run(yours, side, pairing, kind, replaced))


def run(
    yours: Yours,
    side: Side,
    pairing: Pairing,
    kind: str,
    replaced,
    until: int | None = None,
    before: Before | None = None,
) -> Trace:
    """Yours on the reference's parameters."""
    extra = [] if kind == "forward" else [side.bench.labels]
    arguments = yours.arguments(pairing.values(side.values), *extra)
    return evaluate(program_of(yours, side, kind), arguments, replaced=replaced, until=until, before=before)


def program_of(yours: Yours, side: Side, kind: str) -> Program:
    return yours.forward if kind == "forward" else yours.loss(side.bench.labels)


def beside(yours: Yours, side: Side, pairing: Pairing, kind: str, trace: Trace) -> Aligned:
    """A trace of yours compared with the reference's."""
    other = side.run(kind)
    return Aligned(yours, side, pairing, Alignment(trace, other.trace, other.known), kind)


def realign(current: Aligned, side: Side) -> Aligned:
    """The same trace of yours beside the reference at another setting with the same parameters."""
    return beside(current.yours, side, current.pairing, current.kind, current.alignment.yours)


def fit(yours: Yours, side: Side, kind: str, start: Pairing | None = None, replaced=None) -> Aligned:
    """The pairing under which yours goes furthest along with the reference, from `start` or from the likeliest on."""
    return search_pairing(
        align(yours, side, start or pair(yours.leaves, side.atoms, yours.said), kind, replaced), replaced
    )


def search_pairing(best: Aligned, replaced: dict[int, np.ndarray] | None = None) -> Aligned:
    """Change what no value has confirmed yet, for as long as that takes yours further along."""
    while not best.whole:
        open_leaves = best.open_leaves()
        if not open_leaves:
            return best
        glances = Glances(best, replaced)
        base = glances.score(best.pairing)
        better = []
        for count, other in enumerate(variants(best.pairing, open_leaves)):
            if count >= MOST_VARIANTS or best.side.bench.tired:
                break
            score = glances.score(other)
            if score > base:
                better.append((score, -count, other))
        better.sort(key=lambda item: item[:2], reverse=True)
        found = [align(best.yours, best.side, other, best.kind, replaced) for _, _, other in better[:MOST_BETTER]]
        found = [aligned for aligned in found if aligned.rank > best.rank]
        if not found:
            return best
        best = max(found, key=lambda aligned: aligned.rank)
    return best


class Glances:
    """Tries pairings on the stretch behind a departure alone, computing what they change."""

    def __init__(self, current: Aligned, replaced):
        self.current, self.replaced = current, replaced
        self.until = current.alignment.departure + LOOKAHEAD
        self.values = current.pairing.values(current.side.values)
        plan = program_of(current.yours, current.side, current.kind).plan
        self.steady = not plan.has("cond") and not plan.has("while")

    def score(self, pairing: Pairing) -> int:
        """How many values are ok up to a little behind the departure."""
        current, alignment = self.current, self.current.alignment
        current.side.bench.effort += 1 + current.side.reference.size // LARGE
        changed = self.changed(pairing) if self.steady else None
        before = None if changed is None else Before(alignment.yours, changed)
        trace = run(current.yours, current.side, pairing, current.kind, self.replaced, self.until, before)
        other = current.side.run(current.kind)
        relevant = alignment.relevant[: len(trace)]
        earlier = None if changed is None or alignment.known is not other.known else (alignment, changed)
        return Alignment(trace, other.trace, other.known, relevant, earlier).score

    def changed(self, pairing: Pairing) -> list[bool]:
        """Which nodes have another value under another pairing."""
        trace = self.current.alignment.yours
        values = pairing.values(self.current.side.values)
        others = [
            trace.arguments[place]
            for place, old, new in zip(self.current.yours.places, self.values, values, strict=True)
            if not np.array_equal(old, new)
        ]
        return trace.depending(others, self.until)
