"""Where in the reference an edit has to show in order to explain a departure, and which edits show there."""

from refkit.diagnosis.aligned import Aligned, feeding
from refkit.diagnosis.bench import Bench
from refkit.diagnosis.candidates import Candidate, places_of

NEAR = 2  # lines between the departure's place in the reference and an edit's


def by_place(bench: Bench, current: Aligned, candidates: list[Candidate]) -> tuple[list[Candidate], ...]:
    """Candidates that may show at the departure, within a few lines of it, and elsewhere.

    A departure that takes up nothing of the reference, such as one on labels alone, is near every choice.
    """
    window = window_of(current)
    tiers: tuple[list[Candidate], ...] = ([], [], [])
    for candidate in candidates:
        source = bench.source(candidate.setting)
        if source is None:
            continue
        places = places_of(current.side.reference.source, source)
        distance = min((abs(place - line) for place in places for line in window), default=NEAR + 1)
        near = distance <= NEAR or (not window and candidate.kind == "choice")
        tiers[0 if distance == 0 else 1 if near else 2].append(candidate)
    return tuple(in_turns(tier) for tier in tiers)


def in_turns(candidates: list[Candidate]) -> list[Candidate]:
    """One form of every bug, then the next of each: no bug of many forms keeps the others from their turn."""
    turns = turns_of(candidates)
    order = [
        (turn if candidate.kind == "bug" else 0, place)
        for place, (turn, candidate) in enumerate(zip(turns, candidates))
    ]
    return [candidates[place] for _, place in sorted(order)]


def turns_of(candidates: list[Candidate]) -> list[int]:
    """For each candidate, how many of its id come before it."""
    seen: dict[str, int] = {}
    turns = []
    for candidate in candidates:
        seen[candidate.id] = seen.get(candidate.id, -1) + 1
        turns.append(seen[candidate.id])
    return turns


def pairs_in_turns(candidates: list[Candidate]) -> list[tuple[Candidate, Candidate]]:
    """Every choice with every bug, the first values of the options with the first forms of the bugs first."""
    turned = list(zip(turns_of(candidates), candidates))
    choices = [entry for entry in turned if entry[1].kind == "choice"]
    bugs = [entry for entry in turned if entry[1].kind == "bug"]
    pairs = [(a + b, choice, bug) for a, choice in choices for b, bug in bugs]
    return [(choice, bug) for _, choice, bug in sorted(pairs, key=lambda entry: entry[0])]


def window_of(current: Aligned) -> list[int]:
    """Lines of the reference that take up the values which yours still shares with it, or take the same parameters next."""
    alignment = current.alignment
    reference = alignment.reference
    lines = lines_by_parameters(current)
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


def lines_by_parameters(current: Aligned) -> set[int]:
    """Lines of the reference's first steps with the parameters that your departing step takes, and of what they take."""
    yours, reference = current.alignment.yours, current.alignment.reference
    paths = set()
    for k in feeding(
        yours, [p for p in yours.parents[current.alignment.departure] if not yours.data[p]], current.yours.places
    ):
        held = current.pairing.held[k]
        paths |= set() if held is None else set(held.bundle.paths)
    places = {reference.arguments[k] for k, path in enumerate(current.side.reference.paths) if path in paths}
    users = [node for node, parents in enumerate(reference.parents) if places & set(parents)]
    beside = {parent for node in users for parent in reference.parents[node] if reference.data[parent]}
    return {reference.sites[node].line for node in [*users, *beside] if reference.sites[node] is not None}


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
