"""The terms of a decomposition: they add up, and what is not known stays one sum."""

from decimal import Decimal
from itertools import combinations
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refkit.evaluation.decomposition import Decomposition, Stage, in_order
from refkit.evaluation.figures import decimals_of, figure, term_figure
from refkit.evaluation.stages import STAGES, TERMS
from refkit.evaluation.unknown import unknown

SUBSETS = [names for count in range(2, 6) for names in combinations(STAGES, count)]


@given(st.lists(st.floats(0, 1e3, allow_subnormal=False), min_size=5, max_size=5), st.sampled_from(SUBSETS))
def test_terms_add_up_to_the_last_error(errors, names):
    parts = Decomposition(tuple(Stage(name, error) for name, error in zip(names, errors)), "share wrong")
    assert fsum(term.value for term in parts.terms) == pytest.approx(parts.last.error, abs=1e-9)
    places = decimals_of(parts)
    shown = sum(Decimal(term_figure(term, places)) for term in parts.terms)
    assert shown == Decimal(figure(parts.last.error, places))  # to the last digit, as they are printed


@pytest.mark.parametrize("names", SUBSETS)
def test_every_term_is_somewhere_whatever_is_missing(names):
    parts = Decomposition(tuple(Stage(name, 0.1) for name in names), "share wrong")
    told = [name for term in parts.terms for name in term.names if name != "irreducible"]
    assert told == list(TERMS[: STAGES.index(names[-1])])
    assert len(unknown(parts)) == 5 - len(names)


def test_one_validation_set_ends_the_variance():
    parts = Decomposition(in_order([Stage("test", 0.3), Stage("val", 0.2), Stage("train", 0.1)]), "share wrong")
    assert [term.names for term in parts.terms] == [
        ("irreducible", "avoidable bias"),
        ("variance",),
        ("validation overfitting",),
    ]
    assert unknown(parts)[-1].startswith("a distribution shift: with one `val` it would be in the variance if")
