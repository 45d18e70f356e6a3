"""Name the differences one after the other: try the edits at the first departure, go on with the one that reproduces it."""

import dataclasses

import numpy as np

from refkit.alignment.layout import merging_orders
from refkit.diagnosis.aligned import Aligned, align, feeding, fit, realign, search_pairing
from refkit.diagnosis.as_large import bugs_as_large
from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.blame import LAYOUT, blamed_node, chosen_before
from refkit.diagnosis.candidates import Candidate, bug_candidates, choice_candidates, instead_of_choices, places_of
from refkit.diagnosis.setting import Setting
from refkit.diagnosis.wording import says, site_closing_over, site_saying
from refkit.diagnosis.yours import Yours
from refkit.edits.bug import Bug
from refkit.edits.bugs import BUGS
from refkit.tracing.trace import Site

NEAR = 2  # lines between the departure's place in the reference and an edit's
MOST_DIFFERENCES = 12
MOST_PAIRS = 120  # of a choice and a bug
BY_ID = {bug.id: bug for bug in BUGS}


@dataclasses.dataclass
class Difference:
    """One edit, or one departure that no edit explains.

    Attributes:
        candidate: the edit; None where unexplained.
        before: the alignment in which it is the first departure.
        node: the node of yours whose line departs.
        rivals: other ids with the distance of the value that they give.
        target: the reference's node beside it, or None.
        site: the line to name, where it is not the node's.
    """

    candidate: Candidate | None
    before: Aligned
    node: int
    rivals: list[tuple[str, float]]
    target: int | None
    site: Site | None = None


@dataclasses.dataclass
class Explained:
    """All differences of one program."""

    differences: list[Difference]
    final: Aligned


@dataclasses.dataclass
class Explainer:
    """Explains one program of yours.

    Args:
        yours, bench: the two sides.
        kind: `forward` or `loss`.
        fixed: options that are settled.
        rungs: whose bugs may explain it.
        given: options that the user asked for.
        unexplained: file and line of departures that nothing explained before.
        replaced: values of yours that are replaced by the reference's, by node.
        other_sizes: options under which a layer in two places may make the reference as large as yours.
    """

    yours: Yours
    bench: Bench
    kind: str
    fixed: frozenset[str]
    rungs: tuple[str, ...]
    given: frozenset[str] = frozenset()
    unexplained: frozenset[tuple[str, int]] = frozenset()
    replaced: dict[int, np.ndarray] = dataclasses.field(default_factory=dict)
    other_sizes: tuple[dict[str, str], ...] = ()

    def explain(self, current: Aligned) -> Explained:
        differences: list[Difference] = []
        current = self.refit(current)
        while not current.whole and len(differences) < MOST_DIFFERENCES:
            known = self.at_known_line(current)
            best, tried = (None, []) if known else self.best_candidate(current)
            if best is None and not known:
                best = self.of_another_size(current)
                if best is not None:  # it explains what the bugs found before it explained in part
                    differences = [d for d in differences if d.candidate is not None and d.candidate.kind == "choice"]
            if best is None:
                self.unexplained |= self.place(current)
                healed = self.heal(current)
                differences.append(self.describe(None, current, current, tried))
                if healed is None:
                    break
                current = healed
                continue
            candidate, after = self.told_by_words(best, current)
            side = current.side
            if candidate.base is not None:
                side = self.bench.side(candidate.base)
            elif candidate.instead is not None:
                side = self.bench.side(current.side.setting.without_option(candidate.instead))
            before = align(self.yours, side, self.carry(after, side), self.kind, self.replaced)
            if before.alignment.departure is None:
                before = current
            differences.append(self.describe(candidate, before, after, tried))
            current = search_pairing(after, self.replaced)
            if candidate.kind == "choice":
                self.fixed = self.fixed | {candidate.id}
        return Explained(differences, current)

    def at_known_line(self, current: Aligned) -> bool:
        """Whether the departure is on a line that is left unexplained already, by an earlier program or time step."""
        return bool(self.place(current) & self.unexplained)

    def place(self, current: Aligned) -> frozenset[tuple[str, int]]:
        """File and line of the departure."""
        site = current.alignment.yours.sites[blamed_node(current.alignment)]
        return frozenset() if site is None else frozenset({(site.file, site.line)})

    def refit(self, current: Aligned) -> Aligned:
        return current if current.whole else fit(self.yours, current.side, self.kind, current.pairing, self.replaced)

    def carry(self, after: Aligned, side: Side):
        """The pairing found with an edit, for the reference without it where their parameters are the same."""
        if after.side.leaf_signature == side.leaf_signature:
            return after.pairing
        return fit(self.yours, side, self.kind, None, self.replaced).pairing

    def best_candidate(self, current: Aligned):
        """The edit under which yours goes furthest, and every edit that was tried with what it came to.

        Edits that can show near the departure come first, as they are; then with the parameters paired anew, since a
        difference may have kept them from finding their places; then all other bugs, then other sizes.
        """
        self.bench.rest()
        tried: list[tuple[Candidate, float]] = []
        bugs = bug_candidates(self.bench, current.side.setting, self.rungs)
        choices = list(choice_candidates(self.bench, current.side.setting, self.fixed, "values"))
        instead = instead_of_choices(self.bench, current.side.setting, self.given) if self.kind == "loss" else []
        sizes = list(choice_candidates(self.bench, current.side.setting, self.fixed, "structure"))
        here, near, far = self.by_place(current, [*choices, *bugs])
        far = [candidate for candidate in far if candidate.kind == "bug"]
        optional = bug_candidates(self.bench, current.side.setting, self.rungs, with_options=True)
        optional = self.by_place(current, [c for c in optional if not self.reopens(c, current)])[0]
        steps = ((instead, False), (here, False), (near, False), (optional, False), (here + near, True), (far, False),
                 *([(far, True)] if open_cells(current) else []), (sizes, True))
        better = []
        for batch, search in steps:
            if search and batch is not sizes and not current.open_leaves():
                continue
            better += self.improving(batch, current, search, tried)
            if any(self.settles(after, current) for _, after in better):
                break
        if better:
            return max(better, key=lambda pair: (pair[1].rank, pair[0].kind == "choice", self.says(pair[0].id, current))), tried
        return self.first_of_two(current, here), tried

    def improving(self, batch: list[Candidate], current: Aligned, search: bool, tried: list) -> list[tuple[Candidate, Aligned]]:
        """The edits of a batch under which yours goes further; adds to `tried` what each bug came to."""
        better = []
        for candidate in batch:
            if self.bench.tired:
                break
            after = self.attempt(candidate, current, search)
            if after is None:
                continue
            explains = self.improves(after, current)
            if explains:
                better.append((candidate, after))
            if candidate.kind == "bug":
                tried.append((candidate, 0.0 if explains else distance_to(current, after)))
            if not explains:
                self.bench.forget_runs(candidate.setting)
        return better

    def settles(self, after: Aligned, current: Aligned) -> bool:
        """Whether nothing else needs trying: not so inside of a cell whose gates may still be any of the reference's."""
        return after.whole or not (open_cells(current) & open_cells(after))

    def of_another_size(self, current: Aligned) -> tuple[Candidate, Aligned] | None:
        """A bug that makes a reference of other sizes as large as yours, such as one layer in two places."""
        found = []
        self.bench.rest()
        for sizes in self.other_sizes:
            setting = dataclasses.replace(current.side.setting, bugs=())
            for option, value in sizes.items():
                setting = setting.with_option(option, value)
            if self.bench.tired:
                break
            for candidate, side in bugs_as_large(self.yours, self.bench, setting, self.rungs):
                after = fit(self.yours, side, self.kind, None, self.replaced)
                if self.improves(after, current):
                    found.append((dataclasses.replace(candidate, base=setting), after))
        return max(found, key=lambda pair: pair[1].rank, default=None)

    def told_by_words(self, best: tuple[Candidate, Aligned], current: Aligned) -> tuple[Candidate, Aligned]:
        """Of bugs that no number tells apart, the one whose words your line has; else one that needs no words."""
        named, reached = best
        if named.kind == "choice" or self.says(named.id, current):
            return best
        wordless = bool(BY_ID[named.id].words)
        alike = {id for id in alike_ids(named.id) if self.says(id, current) or wordless and not BY_ID[id].words}
        if alike:
            setting = current.side.setting if named.instead is None else current.side.setting.without_option(named.instead)
            for with_options in (False, True):
                for candidate in bug_candidates(self.bench, setting, self.rungs, with_options):
                    if candidate.id not in alike or self.reopens(candidate, current):
                        continue
                    after = self.attempt(candidate, current, False)
                    if after is not None and self.improves(after, current) and after.rank >= reached.rank:
                        return dataclasses.replace(candidate, instead=named.instead), after
        return best

    def says(self, id: str, current: Aligned) -> bool:
        """Whether your line has the words of a bug."""
        alignment = current.alignment
        return id in BY_ID and says(BY_ID[id], alignment.yours, alignment.departure)

    def reopens(self, candidate: Candidate, current: Aligned) -> bool:
        """Whether it needs an option that is settled otherwise."""
        added = set(dict(candidate.setting.options)) - set(dict(current.side.setting.options))
        return bool(added & self.fixed)

    def first_of_two(self, current: Aligned, here: list[Candidate]) -> tuple[Candidate, Aligned] | None:
        """A choice that explains nothing by itself, and does together with a bug at the same place."""
        bugs = [candidate for candidate in here if candidate.kind == "bug"]
        best, tried = None, 0
        for choice in here:
            side = self.bench.side(choice.setting) if choice.kind == "choice" else None
            if side is None or side.leaf_signature != current.side.leaf_signature:
                continue
            for bug in bugs:
                tried += 1
                if tried > MOST_PAIRS or self.bench.tired:
                    break
                both = dataclasses.replace(bug, setting=choice.setting.with_bug(bug.bug))
                after = self.attempt(both, current, False)
                if after is not None and self.improves(after, current) and (best is None or after.rank > best[0].rank):
                    best = (after, choice, side)
        return None if best is None else (best[1], realign(current, best[2]))

    def by_place(self, current: Aligned, candidates: list[Candidate]) -> tuple[list[Candidate], ...]:
        """Candidates that may show at the departure, within a few lines of it, and elsewhere."""
        window = self.window(current)
        tiers: tuple[list[Candidate], ...] = ([], [], [])
        for candidate in candidates:
            source = self.bench.source(candidate.setting)
            if source is None:
                continue
            places = places_of(current.side.reference.source, source)
            distance = min((abs(place - line) for place in places for line in window), default=NEAR + 1)
            tiers[0 if distance == 0 else 1 if distance <= NEAR else 2].append(candidate)
        return tuple(in_turns(tier) for tier in tiers)

    def attempt(self, candidate: Candidate, current: Aligned, search: bool) -> Aligned | None:
        side = self.bench.side(candidate.setting)
        if side is None or not side.can(self.kind):
            return None
        if current.pairing.missing == 0 and side.size != current.side.size:
            return None  # all of yours is paired already: nothing larger or smaller can be
        if side.leaf_signature != current.side.leaf_signature:
            return fit(self.yours, side, self.kind, None, self.replaced)
        tried = realign(current, side)
        return search_pairing(tried, self.replaced) if search else tried

    def improves(self, after: Aligned, current: Aligned) -> bool:
        if after.whole:
            return True
        departure = current.alignment.departure
        if after.pairing.missing > current.pairing.missing:
            return False
        return after.alignment.score > current.alignment.score and after.alignment.ok[departure]

    def window(self, current: Aligned) -> list[int]:
        """Lines of the reference that take up the values which yours still shares with it, or take the same parameters next."""
        alignment = current.alignment
        reference = alignment.reference
        lines = self.lines_by_parameters(current)
        consumers = reference.consumers()
        for node in matched_ancestors(current):
            for other in alignment.known.find(alignment.yours.values[node], alignment.yours.narrow[node]):
                here = reference.sites[other]
                if here is not None and (other in reference.outputs or not consumers[other]):
                    lines |= {here.line, here.line + 1}
                for consumer in consumers[other]:
                    if reference.sites[consumer] is not None:
                        lines.add(reference.sites[consumer].line)
        return sorted(lines)

    def lines_by_parameters(self, current: Aligned) -> set[int]:
        """Lines of the reference's first steps with the parameters that your departing step takes, and of what they take."""
        yours, reference = current.alignment.yours, current.alignment.reference
        paths = set()
        for k in feeding(yours, [p for p in yours.parents[current.alignment.departure] if not yours.data[p]], current.yours.places):
            held = current.pairing.held[k]
            paths |= set() if held is None else set(held.bundle.paths)
        places = {reference.arguments[k] for k, path in enumerate(current.side.reference.paths) if path in paths}
        users = [node for node, parents in enumerate(reference.parents) if places & set(parents)]
        beside = {parent for node in users for parent in reference.parents[node] if reference.data[parent]}
        return {reference.sites[node].line for node in [*users, *beside] if reference.sites[node] is not None}

    def describe(self, candidate: Candidate | None, before: Aligned, after: Aligned, tried) -> Difference:
        layout_edit = False
        if candidate is not None and candidate.bug is not None:
            layout_edit = self.is_layout(candidate, after.side)
        node = blamed_node(before.alignment, layout_edit)
        rivals = rank_rivals(candidate, tried)
        site = None if candidate is None or candidate.bug is None else site_to_blame(BY_ID[candidate.id], before, node)
        return Difference(candidate, before, node, rivals, self.target(before), site)

    def is_layout(self, candidate: Candidate, side: Side) -> bool:
        """Whether the edit's own line only slices, reshapes or turns."""
        source, visible = side.reference.source, candidate.bug.edit.visible
        if not visible or source.count(visible) != 1:
            return False
        line = source[: source.index(visible)].count("\n") + 1
        trace = side.run(self.kind).trace
        ops = {trace.ops[k] for k, site in enumerate(trace.sites) if site is not None and site.line == line}
        return bool(ops) and ops <= LAYOUT | {"argument", "literal", "iota", "select_n", "lt", "add"}

    def target(self, before: Aligned) -> int | None:
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

    def heal(self, current: Aligned) -> Aligned | None:
        """Put a value of the reference in the place of yours, such that yours goes on along with the reference."""
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
                replaced = {**self.replaced, place: value}
                healed = align(self.yours, current.side, current.pairing, self.kind, replaced)
                if healed.alignment.score > current.alignment.score + 1 or healed.whole:
                    if best is None or healed.rank > best[0].rank:
                        best = (healed, replaced)
        if best is None:
            return None
        self.replaced = best[1]
        return best[0]


def in_turns(candidates: list[Candidate]) -> list[Candidate]:
    """One form of every bug, then the next of each: no bug of many forms keeps the others from their turn."""
    count: dict[str, int] = {}
    turns = []
    for place, candidate in enumerate(candidates):
        turn = count[candidate.id] = count.get(candidate.id, -1) + 1
        turns.append((turn if candidate.kind == "bug" else 0, place, candidate))
    return [candidate for _, _, candidate in sorted(turns, key=lambda entry: entry[:2])]


def site_to_blame(bug: Bug, before: Aligned, node: int) -> Site | None:
    """The line of a bug that is not the first wrong value's."""
    trace = before.alignment.yours
    if bug.blames == "words":
        return site_saying(bug, trace, node)
    if bug.blames in ("choice", "operand"):
        return chosen_before(before.alignment, before.alignment.departure, made=bug.blames == "operand")
    return site_closing_over(trace, node) if bug.blames == "closure" else None


def alike_ids(id: str) -> set[str]:
    """Bugs that no number tells from this one in some programs."""
    return {*BY_ID[id].alike, *(other.id for other in BUGS if id in other.alike)}


def open_cells(current: Aligned) -> set[str]:
    """Recurrent cells that feed the departure and whose gates no value has confirmed yet."""
    held = [current.pairing.held[k] for k in current.open_leaves()]
    return {construct.cell for construct in held if construct is not None and construct.cell} - current.pairing.named


def matched_ancestors(current: Aligned) -> list[int]:
    """The nearest matched nodes before the departure."""
    alignment = current.alignment
    yours, found, seen = alignment.yours, [], set()
    stack = list(yours.parents[alignment.departure])
    while stack:
        node = stack.pop()
        if node in seen or not yours.data[node]:
            continue
        seen.add(node)
        if alignment.matched[node] >= 0:
            found.append(node)
        else:
            stack.extend(yours.parents[node])
    return found


def laid_out(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """`value` with its axes turned and merged to `shape`, if it can be."""
    if value.shape == shape:
        return value
    if value.size != int(np.prod(shape)):
        return None
    wide = [size for size in value.shape if size != 1]
    orders = merging_orders(tuple(wide), tuple(size for size in shape if size != 1))
    return value.reshape(wide).transpose(orders[0]).reshape(shape) if orders else None


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
