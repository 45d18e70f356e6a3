"""Which parameter of yours is which of the reference's: turned, fused, joined, folded, flattened in another order."""

import itertools

import numpy as np
import pytest

from refkit.alignment.constructs import GATES, Atom
from refkit.alignment.expressions import Complement, Free
from refkit.alignment.pairing import Leaf, Pairing, pair, variants


def values_of(atoms: list[Atom]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {atom.path: rng.normal(size=atom.shape) for atom in atoms}


def atoms(*shapes: tuple[str, tuple[int, ...]]) -> list[Atom]:
    return [Atom(path, shape, "parameters", use) for use, (path, shape) in enumerate(shapes)]


def leaves(*shapes: tuple[str, tuple[int, ...]]) -> list[Leaf]:
    return [Leaf(path, shape, "parameters", use) for use, (path, shape) in enumerate(shapes)]


def every(start: Pairing):
    """The likeliest pairing and all that differ from it in one step, as the search tries them."""
    yield start
    yield from variants(start, set(range(len(start.leaves))))


def reaches(mine: list[Leaf], theirs: list[Atom], wanted: list[np.ndarray], changes: int = 1) -> bool:
    """Whether the pairing, or one within so many changes of it, makes these parameters of the reference's."""
    values = values_of(theirs)
    start = pair(mine, theirs)
    tried = [start]
    for _ in range(changes):
        tried = itertools.chain.from_iterable(map(every, tried))
    return start.complete and any(
        all(np.allclose(a, b) for a, b in zip(found.values(values), wanted, strict=True)) for found in tried
    )


MLP = atoms(("dense1.kernel", (5, 7)), ("dense1.bias", (7,)), ("dense2.kernel", (7, 3)), ("dense2.bias", (3,)))


def test_equal_parameters_are_paired_at_once():
    found = pair(leaves(*((f"mine.{k}", atom.shape) for k, atom in enumerate(MLP))), MLP)
    values = values_of(MLP)
    assert found.complete and found.unpaired == ()
    for mine, theirs in zip(found.values(values), values.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_kernels_are_transposed():
    values = values_of(MLP)
    k1, b1, k2, b2 = values.values()
    mine = leaves(("w1", (7, 5)), ("b1", (7,)), ("w2", (3, 7)), ("b2", (3,)))
    assert reaches(mine, MLP, [k1.T, b1, k2.T, b2])


def test_a_square_kernel_is_tried_both_ways():
    square = atoms(("dense1.kernel", (4, 4)))
    kernel = values_of(square)["dense1.kernel"]
    for wanted in (kernel, kernel.T):
        assert reaches(leaves(("w", (4, 4))), square, [wanted])


def test_layers_of_equal_size_are_tried_in_the_other_order():
    twins = atoms(("dense1.bias", (4,)), ("dense2.bias", (4,)))
    first, second = values_of(twins).values()
    assert reaches(leaves(("a", (4,)), ("b", (4,))), twins, [second, first])


def test_names_tell_scale_from_bias():
    norm = atoms(("norm.scale", (4,)), ("norm.bias", (4,)))
    found = pair(leaves(("bn.beta", (4,)), ("bn.gamma", (4,))), norm)
    assert [made.bundle.paths for made in found.made] == [("norm.bias",), ("norm.scale",)]


def test_a_bias_folded_into_its_kernel_is_a_row_of_it():
    (kernel, bias), theirs = list(values_of(MLP[:2]).values()), MLP[:2]
    below, above = np.vstack([kernel, bias]), np.vstack([bias, kernel])
    assert reaches(leaves(("w", (6, 7))), theirs, [below])
    assert reaches(leaves(("w", (6, 7))), theirs, [above])
    assert reaches(leaves(("w", (7, 6))), theirs, [below.T])


@pytest.mark.parametrize(
    "order", [order for order in itertools.permutations(range(3)) if order.index(0) < order.index(1)]
)
def test_a_flatten_of_another_order_turns_the_rows(order):
    theirs = [Atom("dense1.kernel", (2 * 3 * 4, 5), "parameters", 0, ((2, 3, 4),))]
    kernel = values_of(theirs)["dense1.kernel"].reshape(2, 3, 4, 5)
    wanted = kernel.transpose(*order, 3).reshape(24, 5)
    assert reaches(leaves(("fc.weight", (24, 5))), theirs, [wanted])
    assert reaches(leaves(("fc.weight", (5, 24))), theirs, [wanted.T])


def test_width_before_height_is_no_layout():
    theirs = [Atom("dense1.kernel", (2 * 3 * 4, 5), "parameters", 0, ((2, 3, 4),))]
    turned = values_of(theirs)["dense1.kernel"].reshape(2, 3, 4, 5).transpose(1, 0, 2, 3).reshape(24, 5)
    assert not reaches(leaves(("fc.weight", (24, 5))), theirs, [turned])


@pytest.mark.parametrize("size", [(6, 1), (1, 6), (1, 1)])
def test_a_picture_that_is_one_high_or_wide_is_flattened_like_any(size):
    theirs = [Atom("dense1.kernel", (np.prod(size) * 4, 5), "parameters", 0, ((*size, 4),))]
    kernel = values_of(theirs)["dense1.kernel"]
    turned = kernel.reshape(*size, 4, 5).transpose(2, 0, 1, 3).reshape(-1, 5)
    for wanted in (kernel, turned):
        assert reaches(leaves(("fc.weight", wanted.shape)), theirs, [wanted])


def test_joined_vectors_are_tried_in_the_other_order():
    theirs = [Atom("dense1.kernel", (6 + 4, 5), "parameters", 0, ((2, 3), (4,)))]
    kernel = values_of(theirs)["dense1.kernel"]
    assert reaches(leaves(("w", (10, 5))), theirs, [np.vstack([kernel[6:], kernel[:6]])])
    turned = kernel[:6].reshape(2, 3, 5).transpose(1, 0, 2).reshape(6, 5)
    assert reaches(leaves(("w", (10, 5))), theirs, [np.vstack([kernel[6:], turned])])


def test_convolution_kernels_come_from_another_layout():
    theirs = atoms(("conv1.kernel", (5, 5, 1, 6)), ("conv1.bias", (6,)))
    kernel, bias = values_of(theirs).values()
    mine = leaves(("conv.weight", (6, 1, 5, 5)), ("conv.bias", (6, 1, 1)))
    assert reaches(mine, theirs, [kernel.transpose(3, 2, 0, 1), bias[:, None, None]])


def test_equal_layers_may_be_stacked_in_one_array():
    theirs = atoms(("dense1.kernel", (4, 4)), ("dense1.bias", (4,)), ("dense2.kernel", (4, 4)), ("dense2.bias", (4,)))
    k1, b1, k2, b2 = values_of(theirs).values()
    mine = leaves(("layers.w", (2, 4, 4)), ("layers.b", (2, 4)))
    assert reaches(mine, theirs, [np.stack([k1, k2]), np.stack([b1, b2])])


INPUTS, UNITS = 2, 3
CELL = atoms(
    *((f"cell.{gate}_x.kernel", (INPUTS, UNITS)) for gate in GATES),
    *((f"cell.{gate}_h.kernel", (UNITS, UNITS)) for gate in GATES),
    *((f"cell.{gate}_x.bias", (UNITS,)) for gate in GATES),
)
ORDERS = list(itertools.permutations(range(4)))


def of_gates(form: str, order) -> list[np.ndarray]:
    values = values_of(CELL)
    return [values[f"cell.{form.format(GATES[gate])}"] for gate in order]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(GATES[k][0] for k in order))
def test_fused_gates_are_tried_in_every_order(order):
    x, h, b = (np.concatenate(of_gates(form, order), -1) for form in ("{}_x.kernel", "{}_h.kernel", "{}_x.bias"))
    wide = 4 * UNITS
    assert reaches(leaves(("w", (INPUTS, wide)), ("u", (UNITS, wide)), ("b", (wide,))), CELL, [x, h, b])


@pytest.mark.parametrize("order", ORDERS[::5], ids=lambda order: "".join(GATES[k][0] for k in order))
def test_rows_of_gates_as_torch_has_them(order):
    x, h, b = (np.concatenate(of_gates(form, order), -1).T for form in ("{}_x.kernel", "{}_h.kernel", "{}_x.bias"))
    wide = 4 * UNITS
    mine = leaves(("w", (wide, INPUTS)), ("u", (wide, UNITS)), ("b", (wide,)))
    assert reaches(mine, CELL, [x, h, b], changes=2)  # the gates' order and the square kernels' layout


@pytest.mark.parametrize("order", ORDERS[::7], ids=lambda order: "".join(GATES[k][0] for k in order))
def test_input_and_state_may_be_joined(order):
    x, h, b = (np.concatenate(of_gates(form, order), -1) for form in ("{}_x.kernel", "{}_h.kernel", "{}_x.bias"))
    wide = 4 * UNITS
    mine = leaves(("w", (INPUTS + UNITS, wide)), ("b", (wide,)))
    assert reaches(mine, CELL, [np.vstack([x, h]), b])
    mine = leaves(("w", (INPUTS + UNITS + 1, wide)))
    assert reaches(mine, CELL, [np.vstack([x, h, b])])


def test_state_before_input_is_tried_too():
    x, h, b = (np.concatenate(of_gates(form, range(4)), -1) for form in ("{}_x.kernel", "{}_h.kernel", "{}_x.bias"))
    mine = leaves(("w", (UNITS + INPUTS, 4 * UNITS)), ("b", (4 * UNITS,)))
    assert reaches(mine, CELL, [np.vstack([h, x]), b])


@pytest.mark.parametrize("order", ORDERS[::7], ids=lambda order: "".join(GATES[k][0] for k in order))
def test_gates_with_a_parameter_each_are_tried_in_every_order(order):
    mine = leaves(
        *((f"w{k}", (INPUTS, UNITS)) for k in range(4)),
        *((f"u{k}", (UNITS, UNITS)) for k in range(4)),
        *((f"b{k}", (UNITS,)) for k in range(4)),
    )
    wanted = [value for form in ("{}_x.kernel", "{}_h.kernel", "{}_x.bias") for value in of_gates(form, order)]
    assert reaches(mine, CELL, wanted)


def test_two_biases_add_up_to_one():
    theirs = MLP[:2]
    found = pair(leaves(("w", (5, 7)), ("b_ih", (7,)), ("b_hh", (7,))), theirs)
    values = values_of(theirs)
    kernel, one, other = found.values(values)
    assert found.complete and any(isinstance(made, Complement) for made in found.made)
    np.testing.assert_allclose(one + other, values["dense1.bias"])
    assert np.abs(one).min() > 0 and np.abs(other).min() > 0


def test_two_biases_of_fused_gates_add_up_in_every_order_of_gates():
    values, wide = values_of(CELL), 4 * UNITS
    mine = leaves(("w", (INPUTS, wide)), ("u", (UNITS, wide)), ("b_ih", (wide,)), ("b_hh", (wide,)))
    sums = [found.values(values)[2] + found.values(values)[3] for found in every(pair(mine, CELL))]
    for order in ORDERS:
        wanted = np.concatenate(of_gates("{}_x.bias", order))
        assert any(np.allclose(found, wanted) for found in sums), order


def test_what_has_no_counterpart_is_free_and_said_to_be():
    found = pair(leaves(("w", (5, 7)), ("extra", (9, 2))), MLP[:2])
    assert isinstance(found.made[1], Free) and not found.complete
    assert found.unpaired == ("dense1.bias",) and found.missing == 2
    assert found.values(values_of(MLP[:2]))[1].shape == (9, 2)


def test_statistics_are_never_parameters():
    theirs = [Atom("norm.scale", (4,), "parameters", 0), Atom("norm.mean", (4,), "statistics", 1)]
    mine = [Leaf("a", (4,), "statistics", 0), Leaf("b", (4,), "parameters", 1)]
    found = pair(mine, theirs)
    assert [made.bundle.paths for made in found.made] == [("norm.mean",), ("norm.scale",)]


def test_gradients_are_laid_out_like_the_parameters():
    found = pair(leaves(("w1", (7, 5)), ("b1", (7,))), MLP[:2])
    values = values_of(MLP[:2])
    np.testing.assert_array_equal(found.made[0].gradient(values), values["dense1.kernel"].T)


def test_a_fused_bias_is_not_taken_for_a_later_bias_of_its_size():
    cell = [
        (f"cell.{gate}_{part}", shape)
        for gate in GATES
        for part, shape in (("x.kernel", (3, 4)), ("x.bias", (4,)), ("h.kernel", (4, 4)))
    ]
    theirs = atoms(*cell, ("dense1.kernel", (4, 16)), ("dense1.bias", (16,)))
    mine = leaves(
        ("lstm.i.kernel", (3, 16)),
        ("lstm.h.kernel", (4, 16)),
        ("lstm.h.bias", (16,)),
        ("fc.kernel", (4, 16)),
        ("fc.bias", (16,)),
    )
    held = {leaf.path: held.cell for leaf, held in zip(mine, pair(mine, theirs).held, strict=True)}
    assert held["lstm.h.bias"] is not None and held["fc.bias"] is None


def test_a_fused_kernel_on_one_number_a_step_is_not_taken_for_the_bias_of_its_size():
    theirs = atoms(
        *(
            (f"cell.{gate}_{part}", shape)
            for gate in GATES
            for part, shape in (("x.kernel", (1, 4)), ("x.bias", (4,)), ("h.kernel", (4, 4)))
        )
    )
    mine = leaves(("i.kernel", (1, 16)), ("h.kernel", (4, 16)), ("h.bias", (16,)))
    parts = {leaf.path: held.part for leaf, held in zip(mine, pair(mine, theirs).held, strict=True)}
    assert parts == {"i.kernel": "x", "h.kernel": "h", "h.bias": "b"}


def test_square_kernels_hold_one_gate_each():
    cell = [
        (f"cell.{gate}_{part}", shape)
        for gate in GATES
        for part, shape in (("x.kernel", (2, 8)), ("x.bias", (8,)), ("h.kernel", (8, 8)))
    ]
    theirs = atoms(*cell)
    mine = leaves(
        *((f"h{gate[0]}", (8, 8)) for gate in GATES),
        *((f"b{gate[0]}", (8,)) for gate in GATES),
        *((f"i{gate[0]}", (2, 8)) for gate in GATES),
    )
    assert pair(mine, theirs).complete
