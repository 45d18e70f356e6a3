"""Which term to work on first, as far as the intervals allow to say."""

import dataclasses

import numpy as np

from refkit.evaluation.decomposition import Decomposition, Term
from refkit.evaluation.stages import BIAS, IRREDUCIBLE, PROBLEMS, SHIFT, TRAIN, VAL_OVERFITTING, VARIANCE

SURE = 0.95  # share of the draws in which the largest term has to be the largest
POSSIBLE = 0.025  # share of the draws in which a term leads, from which it is a rival
HOPELESS = 100  # times the examples, from which two terms count as equal
CHOSEN, CLOSE, CHANCE, MIXED = "chosen", "close", "chance", "mixed"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What to work on.

    Args:
        kind: CHOSEN; CLOSE where intervals overlap too much; CHANCE where no term is more than that; MIXED where the
            largest is a sum of several that a missing split would tell apart.
        terms: the chosen one, the rivals, or none.
        words: one sentence.
    """

    kind: str
    terms: tuple[Term, ...]
    words: str

    @property
    def term(self) -> str | None:
        """The name of the term to work on; None where that cannot be said."""
        return self.terms[0].names[0] if self.kind == CHOSEN else None


def judge(parts: Decomposition) -> Verdict:
    """Compare the terms that can be worked on, draw by draw."""
    terms = [term for term in parts.terms if term.names != (IRREDUCIBLE,)]
    leader = max(terms, key=lambda term: term.value)
    draws = [term.draws for term in terms]
    if all(values is None for values in draws):
        return of_bare_numbers(leader)
    table = np.stack([np.broadcast_to(at_hand(term), most(draws)) for term in terms])
    leads = np.bincount(table.argmax(axis=0), minlength=len(terms)) / table.shape[1]
    if all(np.quantile(at_hand(term), 0.025) <= 0 for term in terms):
        return Verdict(CHANCE, (), "no term is larger than chance makes it with so few examples")
    share = leads[terms.index(leader)]
    rivals = sorted((term for term, led in zip(terms, leads) if led >= POSSIBLE), key=lambda term: -term.value)
    if share < SURE and len(rivals) > 1:
        return Verdict(CLOSE, tuple(rivals), close_words(rivals, share))
    if len(leader.names) > 1:
        return mixed(leader)
    return Verdict(CHOSEN, (leader,), f"{title(leader)}: it is the largest term in {share:.0%} of the draws")


def of_bare_numbers(leader: Term) -> Verdict:
    if leader.value <= 0:
        return Verdict(CHANCE, (), "no term is above zero")
    if len(leader.names) > 1:
        return mixed(leader)
    words = f"{title(leader)}: it is the largest term; how much of that is chance, bare numbers cannot tell"
    return Verdict(CHOSEN, (leader,), words)


def mixed(leader: Term) -> Verdict:
    return Verdict(MIXED, (leader,), f"the largest term is the sum {leader.name}, and {remedy(leader)}")


def title(term: Term) -> str:
    problem = PROBLEMS[term.names[0]]
    return term.name if problem == term.name else f"{term.name} ({problem})"


def at_hand(term: Term) -> np.ndarray:
    return np.array([term.value]) if term.draws is None else np.asarray(term.draws)


def most(draws: list) -> int:
    return max(len(values) for values in draws if values is not None)


def close_words(rivals: list[Term], share: float) -> str:
    """Between which terms chance decides, and how many examples would decide instead."""
    first, second = rivals[:2]
    difference = at_hand(first) - at_hand(second)
    gap = first.value - second.value
    times = (1.96 * float(difference.std()) / gap) ** 2 if gap > 0 else HOPELESS
    said = " and ".join(term.name for term in rivals[:2])
    words = f"{said} overlap, {first.name} is the larger in {share:.0%} of the draws; "
    if times >= HOPELESS:
        return words + "they are as good as equal: work on the cheaper one"
    return words + f"about {max(times, 1.1):.2g} times the examples in every split would tell"


def remedy(term: Term) -> str:
    """What tells the parts of a sum apart."""
    names = term.names
    if IRREDUCIBLE in names:
        if term.after.name == TRAIN:
            return "its part that is irreducible is not known: give it by `--irreducible`, a human's or the best known error"
        return (
            "no split ends the avoidable bias: give predictions on the training examples (`train`), and `--irreducible`"
        )
    if names[:2] == (BIAS, VARIANCE):
        return "predictions on the training examples (`train`) would tell its parts apart"
    if VARIANCE in names and SHIFT in names:
        return "held-out examples of the training distribution (`train_val`) would tell its parts apart"
    if SHIFT in names and VAL_OVERFITTING in names:
        return "held-out examples of the test's distribution (`test_val`) would tell its parts apart"
    return "the splits between would tell its parts apart"
