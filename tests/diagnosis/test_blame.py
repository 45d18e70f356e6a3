"""From the step that departs to the line that is named."""

import jax.numpy as jnp
import numpy as np
import pytest

from refkit.alignment.matching import Alignment, KnownValues
from refkit.diagnosis.blame import blamed_node, same_line, statement_lines
from refkit.tracing.trace import Site
from tests.tracing.executed import executed, line_of

rng = np.random.default_rng(2)
X = rng.normal(size=(5, 4)).astype(np.float32)
W = rng.normal(size=(4, 6)).astype(np.float32)
B = rng.normal(size=6).astype(np.float32)
V = rng.normal(size=(6, 3)).astype(np.float32)


def blamed_line(yours, reference, layout_edit: bool = False) -> int:
    mine, theirs = executed(yours, X, W, B, V), executed(reference, X, W, B, V)
    alignment = Alignment(mine, theirs, KnownValues(theirs))
    return mine.sites[blamed_node(alignment, layout_edit=layout_edit)].line


def dense(x, w, b, v):
    hidden = x @ w + b
    hidden = jnp.tanh(hidden)
    return hidden @ v


def in_steps(x, w, b, v):
    hidden = x @ w
    hidden = hidden + b
    hidden = jnp.tanh(hidden)
    return hidden @ v


def without_bias(x, w, b, v):
    hidden = x @ w
    hidden = jnp.tanh(hidden)
    return hidden @ v


def test_a_line_that_leaves_a_value_unfinished_is_to_blame():
    assert blamed_line(without_bias, dense) == line_of(without_bias, "x @ w")


def test_a_line_that_ends_where_one_of_the_references_does_is_not():
    assert blamed_line(without_bias, in_steps) == line_of(without_bias, "tanh")


def test_a_line_that_makes_another_value_is_to_blame():
    def sine(x, w, b, v):
        hidden = x @ w + b
        hidden = jnp.sin(hidden)
        return hidden @ v

    assert blamed_line(sine, dense) == line_of(sine, "jnp.sin")


def test_a_difference_within_one_line_is_on_it():
    def subtracted(x, w, b, v):
        hidden = x @ w - b
        hidden = jnp.tanh(hidden)
        return hidden @ v

    assert blamed_line(subtracted, dense) == line_of(subtracted, "- b")


def last_row(x, w, b, v):
    rows = jnp.tanh(x @ w + b)
    chosen = rows[-1]
    return chosen @ v


def first_row(x, w, b, v):
    rows = [jnp.tanh(row @ w + b) for row in x]
    states = jnp.stack(rows)
    chosen = states[0]
    return chosen @ v


def every_row(x, w, b, v):
    rows = [jnp.tanh(row @ w + b) for row in x]
    chosen = rows[-1]
    return chosen @ v


def test_a_wrong_index_is_one_step_before_the_value_that_departs():
    assert blamed_line(first_row, every_row, layout_edit=True) == line_of(first_row, "states[0]")
    assert blamed_line(first_row, every_row) == line_of(first_row, "chosen @ v")


def test_a_wrong_index_that_departs_itself_is_blamed_either_way():
    for layout_edit in (False, True):

        def other(x, w, b, v):
            rows = jnp.tanh(x @ w + b)
            chosen = rows[2]
            return chosen @ v

        assert blamed_line(other, last_row, layout_edit) == line_of(other, "rows[2]")


SOURCE = """\
import jax

scale = lambda x: (
    x * 2
)


def run(x):
    for row in zip(
        x, x
    ):
        y = jax.nn.relu(
            row,
        )
    if (y and
            x):
        return y
    with open("f") as g: pass
"""


@pytest.mark.parametrize(
    ("line", "span"),
    [
        (1, (1, 1)),
        (4, (4, 4)),
        (9, (9, 11)),
        (10, (9, 11)),
        (12, (12, 14)),
        (13, (12, 14)),
        (14, (12, 14)),
        (16, (15, 16)),
        (17, (17, 17)),
        (18, (18, 18)),
        (7, (7, 7)),
        (99, (99, 99)),
    ],
)
def test_the_statement_around_a_line(line, span):
    start, end = statement_lines(SOURCE, line)
    assert start == span[0] and end in (span[1], span[1] - (line in (9, 10)))


def test_lines_are_the_same_in_one_file_alone():
    assert same_line(Site("a.py", 3, 3), Site("a.py", 3, 4, 7))
    assert not same_line(Site("a.py", 3, 3), Site("b.py", 3, 3))
    assert not same_line(Site("a.py", 3, 3), Site("a.py", 4, 4)) and not same_line(None, Site("a.py", 3, 3))
