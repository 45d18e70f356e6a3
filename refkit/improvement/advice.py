"""The advice for a term, in order, with what to change in a configuration."""

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from refkit.edits.catalogue import REFERENCES
from refkit.errors import RefkitError
from refkit.evaluation.stages import BIAS, PROBLEMS, SHIFT, TERMS, VAL_OVERFITTING, VARIANCE
from refkit.improvement import overfitting, rebalancing, shift, underfitting
from refkit.improvement.item import Item
from refkit.improvement.move import Move

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
        config: the fields that there are to change; those of every reference are named if None.
        reference: whose options there are.
    """
    problem, everywhere = PROBLEMS[term], config is None
    lines = [f"against {term}" + (f" ({problem})" if problem != term else "") + ", in this order"]
    for number, item in enumerate(BY_TERM[term], 1):
        lines.append(f"{number:2}. {item.name}: {item.what}")
        lines += [f"    change: {said}" for said in changes(item, config or {}, reference)]
        lines += [f"    change: {said}" for said in in_references(item) if everywhere]
        if item.where:
            lines.append(f"    where: {item.where}")
    return "\n".join(lines)


def changes(item: Item, config: Mapping[str, Any], reference: str | None) -> list[str]:
    said = [move.words(config, reference) for move in item.moves if move.share == 1]
    return [words for words in said if words]


def in_references(item: Item) -> list[str]:
    """What to change in each reference's Config or options, one line a move."""
    return [words for words in (move_in_references(move) for move in item.moves if move.share == 1) if words]


def move_in_references(move: Move) -> str:
    """`hidden=(64,) → (128,) (mlp); hidden=128 → 256 (lstm)`."""
    said: dict[str, list[str]] = {}
    for reference in REFERENCES:
        words = move.words(default_config(reference), reference)
        if words:
            said.setdefault(words, []).append(reference)
    return "; ".join(f"{words} ({', '.join(names)})" for words, names in said.items())


def default_config(reference: str) -> dict[str, Any]:
    """The fields of a reference's own Config, and their defaults."""
    config = importlib.import_module(f"refkit.references.{reference}").Config()
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
