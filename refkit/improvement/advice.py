"""The advice for a term, in order, with what to change in a configuration."""

from collections.abc import Mapping
from typing import Any

from refkit.errors import RefkitError
from refkit.evaluation.stages import BIAS, PROBLEMS, SHIFT, TERMS, VAL_OVERFITTING, VARIANCE
from refkit.improvement import overfitting, rebalancing, shift, underfitting
from refkit.improvement.item import Item

BY_TERM = {
    BIAS: underfitting.ITEMS,
    VARIANCE: overfitting.ITEMS,
    SHIFT: shift.ITEMS,
    VAL_OVERFITTING: rebalancing.ITEMS,
}
OTHER_NAMES = {"bias": BIAS, "shift": SHIFT, "rebalancing": VAL_OVERFITTING} | {PROBLEMS[term]: term for term in TERMS}


def find_term(name: str) -> str:
    """The term that a word means.

    >>> find_term("underfitting"), find_term("distribution-shift")
    ('avoidable bias', 'distribution shift')

    Raises:
        RefkitError: it means none.
    """
    word = name.strip().lower().replace("-", " ").replace("_", " ")
    term = OTHER_NAMES.get(word, word)
    if term not in BY_TERM:
        known = ", ".join(f"`{one}`" for one in sorted({*OTHER_NAMES, *TERMS}))
        raise RefkitError(f"no term is called `{name}`: give one of {known}")
    return term


def tell(term: str, config: Mapping[str, Any] | None = None, reference: str | None = None) -> str:
    """The items, numbered in the order in which to try them.

    Args:
        config: the fields that there are to change.
        reference: whose options there are.
    """
    problem = PROBLEMS[term]
    lines = [f"against {term}" + (f" ({problem})" if problem != term else "") + ", in this order"]
    for number, item in enumerate(BY_TERM[term], 1):
        lines.append(f"{number:2}. {item.name}: {item.what}")
        lines += [f"    change: {said}" for said in changes(item, config or {}, reference)]
        if item.where:
            lines.append(f"    where: {item.where}")
    return "\n".join(lines)


def changes(item: Item, config: Mapping[str, Any], reference: str | None) -> list[str]:
    said = [move.words(config, reference) for move in item.moves if move.share == 1]
    return [words for words in said if words]
