"""Which gate a parameter is called after."""

import ast

import pytest

from refkit.alignment.gate_names import named_gates, split_order

INPUT, FORGET, CELL, OUTPUT = range(4)


def gates_of(*names, shape=(3, 5)):
    found = named_gates([(name, shape) for name in names])
    return [found.get(k) for k in range(len(names))]


@pytest.mark.parametrize(
    "names",
    [
        ("W_xi", "W_xf", "W_xc", "W_xo"),
        ("ii.kernel", "if.kernel", "ig.kernel", "io.kernel"),
        ("input_gate.h", "forget_gate.h", "candidate.h", "output_gate.h"),
        (
            "params.hidden_in.kernel",
            "params.hidden_forget.kernel",
            "params.hidden_new.kernel",
            "params.hidden_out.kernel",
        ),
    ],
)
def test_four_that_differ_in_the_gate_are_a_family(names):
    assert gates_of(*names) == [INPUT, FORGET, CELL, OUTPUT]
    assert gates_of(*names[::-1]) == [OUTPUT, CELL, FORGET, INPUT]


@pytest.mark.parametrize(
    "names",
    [
        ("w1", "w2", "w3", "w4"),
        ("ii.kernel", "hf.kernel", "ig.kernel", "ho.kernel"),
        ("update", "forget", "cell", "output"),
        ("i", "f", "o"),
    ],
)
def test_other_names_say_nothing(names):
    assert gates_of(*names) == [None] * len(names)


def test_parameters_of_another_shape_are_another_family():
    paths = [(f"x{gate}", (2, 5)) for gate in "ifgo"] + [(f"h{gate}", (5, 5)) for gate in "ogfi"]
    assert named_gates(paths) == dict(enumerate([INPUT, FORGET, CELL, OUTPUT, OUTPUT, CELL, FORGET, INPUT]))


def test_a_gate_that_is_not_there_leaves_the_others_their_names():
    paths = [(f"x_{gate}", (2, 5)) for gate in ("in", "forget", "new", "out")]
    paths += [(f"h_{gate}", (5, 5)) for gate in ("in", "new", "out")]
    found = named_gates(paths)
    assert [found.get(k) for k in range(4, 7)] == [INPUT, CELL, OUTPUT]


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("i, f, g, o = jnp.split(z, 4, axis=-1)", (INPUT, FORGET, CELL, OUTPUT)),
        ("ingate, forgetgate, outgate, cellgate = z.split(4)", (INPUT, FORGET, OUTPUT, CELL)),
        ("i, f, o = jnp.split(s(z[:, : 3 * n]), 3)\ng = t(z[:, 3 * n :])", (INPUT, FORGET, OUTPUT, CELL)),
        ("a, b, c, d = jnp.split(z, 4)", None),
        ("i, f, o = jnp.split(z, 3)", None),
        ("i, f, g, o = make(z)", None),
        ("i, f, g, o = jnp.split(z, 4)\nf, i, g, o = jnp.split(y, 4)", None),
    ],
)
def test_parts_of_a_fused_value_are_read_off_their_names(line, order):
    assert split_order(ast.parse(line)) == order
