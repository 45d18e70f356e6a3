"""Name the differences one after the other: try the edits at the first departure, go on with the one that reproduces it."""

import dataclasses

import numpy as np

from refkit.alignment.pairing import Pairing
from refkit.diagnosis.aligned import Aligned, align, fit, realign, search_pairing
from refkit.diagnosis.as_large import bugs_as_large
from refkit.diagnosis.bench import Bench, Side
from refkit.diagnosis.blame import blamed_node
from refkit.diagnosis.candidates import (
    Candidate,
    bug_candidates,
    choice_candidates,
    choices_together,
    instead_of_choices,
)
from refkit.diagnosis.difference import Difference, Explained, describe, distance_to, explained
from refkit.diagnosis.healing import heal
from refkit.diagnosis.nearness import by_place, pairs_in_turns
from refkit.diagnosis.penalties import without_penalty
from refkit.diagnosis.prepared import taken_as_prepared
from refkit.diagnosis.signs import draws_random_numbers
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.wording import says
from refkit.diagnosis.yours import Yours
from refkit.edits.bugs import BUGS

MOST_DIFFERENCES = 12
MOST_PAIRS = 400  # of a choice and a bug
MOST_ALIKE = 6  # edits that are as good, and that are looked into further
BY_ID = {bug.id: bug for bug in BUGS}


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
            drawn = draws_random_numbers(current.alignment, current.alignment.departure)
            augmented = taken_as_prepared(current, self.replaced) if drawn else None
            best, tried = (None, []) if known or augmented else self.best_candidate(current)
            if best is None and not known and not augmented:
                best = self.of_another_size(current)
                if best is not None:  # it explains what the bugs found before it explained in part
                    differences = [d for d in differences if d.candidate is not None and d.candidate.kind == "choice"]
            beside = (
                None
                if best is not None
                else (augmented or without_penalty(current, self.replaced) or taken_as_prepared(current, self.replaced))
            )
            if beside is not None:
                candidate, after, self.replaced = beside
                differences.append(describe(candidate, current, after, tried))
                current = after
                continue
            if best is None:
                self.unexplained |= self.place(current)
                healed = heal(current, self.replaced)
                differences.append(describe(None, current, current, tried))
                if healed is None:
                    break
                current, self.replaced = healed
                continue
            candidate, after = self.told_by_words(best, current)
            side = self.without(candidate, current)
            before = align(self.yours, side, self.carry(after, side), self.kind, self.replaced)
            if before.alignment.departure is None:
                before = current
            differences.append(describe(candidate, before, after, tried))
            current = search_pairing(after, self.replaced)
            if candidate.kind == "choice":
                self.fixed = self.fixed | {candidate.id}
        return explained(differences, current)

    def without(self, candidate: Candidate, current: Aligned) -> Side:
        """The reference with everything that an edit is on top of: for a bug, the options that come with it, too."""
        setting = candidate.base or current.side.setting
        if candidate.bug is not None:
            setting = dataclasses.replace(candidate.setting, bugs=setting.bugs)
        return self.bench.side(setting) or current.side

    def at_known_line(self, current: Aligned) -> bool:
        """Whether the departure is on a line that is left unexplained already, by an earlier program or time step."""
        return bool(self.place(current) & self.unexplained)

    def place(self, current: Aligned) -> frozenset[tuple[str, int]]:
        """File and line of the departure."""
        site = current.alignment.yours.sites[blamed_node(current.alignment)]
        return frozenset() if site is None else frozenset({(site.file, site.line)})

    def refit(self, current: Aligned) -> Aligned:
        return current if current.whole else fit(self.yours, current.side, self.kind, current.pairing, self.replaced)

    def carry(self, after: Aligned, side: Side) -> Pairing:
        """The pairing found with an edit, for the reference without it, as far as that has the same parameters."""
        if after.side.leaf_signature == side.leaf_signature:
            return after.pairing
        seated = after.pairing.seated_among(side.atoms)
        return fit(self.yours, side, self.kind, seated, self.replaced).pairing

    def best_candidate(self, current: Aligned):
        """The edit under which yours goes furthest, and every edit that was tried with what it came to.

        Edits that can show near the departure come first, as they are; then with the parameters paired anew, since a
        difference may have kept them from finding their places; then all other bugs, then other sizes.
        """
        self.bench.rest()
        tried: list[tuple[Candidate, float]] = []
        bugs = bug_candidates(self.bench, current.side.setting, self.rungs)
        source = source_of(self.yours.implementation.file)
        choices = list(choice_candidates(self.bench, current.side.setting, self.fixed, "values", source))
        instead = instead_of_choices(self.bench, current.side.setting, self.given) if self.kind == "loss" else []
        sizes = list(choice_candidates(self.bench, current.side.setting, self.fixed, "structure", source))
        here, near, far = by_place(self.bench, current, [*choices, *bugs])
        far = [candidate for candidate in far if candidate.kind == "bug"]
        optional = bug_candidates(self.bench, current.side.setting, self.rungs, with_options=True)
        optional = by_place(self.bench, current, [c for c in optional if not self.reopens(c, current)])[0]
        together = list(choices_together(self.bench, current.side.setting, self.fixed, source))
        steps = (
            (instead, False),
            (here, False),
            (near, False),
            (together, True),
            (optional, False),
            (here + near, True),
            (far, False),
            *([(far, True)] if current.open_cells() else []),
            (sizes, True),
        )
        better = []
        for batch, search in steps:
            if search and batch not in (sizes, together) and not current.open_leaves():
                continue
            better += self.improving(batch, current, search, tried)
            if any(self.settles(after, current) for _, after in better):
                break
        if better:
            return max(self.looked_ahead(better), key=lambda pair: self.standing(*pair, current)), tried
        return self.first_of_two(current, here), tried

    def looked_ahead(self, better: list[tuple[Candidate, Aligned]]) -> list[tuple[Candidate, Aligned]]:
        """The edits that take yours furthest; where a choice and a bug do so alike, with what pairing anew comes to."""
        furthest = max(after.rank for _, after in better)
        alike = [(candidate, after) for candidate, after in better if after.rank == furthest]
        if furthest[0] or len({candidate.kind for candidate, _ in alike}) == 1:
            return alike
        return [(candidate, search_pairing(after, self.replaced)) for candidate, after in alike[:MOST_ALIKE]]

    def standing(self, candidate: Candidate, after: Aligned, current: Aligned) -> tuple:
        """By what one of several edits that take yours further is chosen: a loss alone may come out right by chance."""
        return after.rank, candidate.kind == "choice", after.shared, self.says(candidate.id, current)

    def improving(
        self, batch: list[Candidate], current: Aligned, search: bool, tried: list
    ) -> list[tuple[Candidate, Aligned]]:
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
        return after.whole or not (current.open_cells() & after.open_cells())

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
            for candidate, side in bugs_as_large(self.yours, self.bench, setting, self.rungs, with_options=True):
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
            setting = (
                current.side.setting if named.instead is None else current.side.setting.without_option(named.instead)
            )
            for with_options in (False, True):
                for candidate in bug_candidates(self.bench, setting, self.rungs, with_options):
                    if candidate.id not in alike or self.reopens(candidate, current):
                        continue
                    after = self.attempt(candidate, current, False)
                    if after is not None and self.improves(after, current) and self.goes_as_far(after, reached):
                        return dataclasses.replace(candidate, instead=named.instead), after
        return best

    def goes_as_far(self, after: Aligned, reached: Aligned) -> bool:
        """Whether yours goes as far along with the one as with the other, also with the parameters paired anew."""
        if after.rank < reached.rank:
            return False
        return search_pairing(after, self.replaced).rank >= search_pairing(reached, self.replaced).rank

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
        best = None
        for choice, bug in pairs_in_turns(here)[:MOST_PAIRS]:
            side = None if self.bench.tired else self.bench.side(choice.setting)
            if side is None or side.leaf_signature != current.side.leaf_signature:
                continue
            both = dataclasses.replace(bug, setting=choice.setting.with_bug(bug.bug))
            after = self.attempt(both, current, False)
            if after is not None and self.improves(after, current) and (best is None or after.rank > best[0].rank):
                best = (after, choice, side)
        return None if best is None else (best[1], realign(current, best[2]))

    def attempt(self, candidate: Candidate, current: Aligned, search: bool) -> Aligned | None:
        if current.pairing.missing == 0 and self.bench.size(candidate.setting) != current.side.reference.size:
            return None  # all of yours is paired already: nothing larger or smaller can be
        side = self.bench.side(candidate.setting)
        if side is None or not side.can(self.kind):
            return None
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
        if after.pairing.missing == 0 < current.pairing.missing and after.alignment.score >= current.alignment.score:
            return True  # every parameter has its counterpart now; what departs next is another difference
        return after.alignment.score > current.alignment.score and after.alignment.ok[departure]


def alike_ids(id: str) -> set[str]:
    """Bugs that no number tells from this one in some programs."""
    return {*BY_ID[id].alike, *(other.id for other in BUGS if id in other.alike)}
