"""Errors as figures that add up to their last digit: every stage is rounded, and terms are differences of these."""

import math
from decimal import Decimal

from refkit.evaluation.decomposition import Decomposition, Term

SIGNIFICANT = 4


def decimals_of(parts: Decomposition) -> int:
    """Places after the point that show the largest error to four digits: 4 for 0.13, 2 for 56.65."""
    largest = max(stage.error for stage in parts.stages)
    return SIGNIFICANT if largest <= 0 else max(0, SIGNIFICANT - 1 - math.floor(math.log10(largest)))


def rounded(value: float, places: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places)) + 0  # + 0: no negative zero


def figure(value: float, places: int) -> str:
    return f"{rounded(value, places):f}"


def term_figure(term: Term, places: int) -> str:
    before = rounded(term.before.error, places) if term.before else Decimal(0)
    return f"{rounded(term.after.error, places) - before:f}"


def interval_figure(interval: tuple[float, float] | None, places: int) -> str:
    return "" if interval is None else f"{figure(interval[0], places)} to {figure(interval[1], places)}"
