"""Sums over all passes of a loop, as weights' gradients are, made behind it: one product over all passes, not one a pass."""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jax import lax
from jax.extend import core as jex

from refkit.lowering.bodies import SUMS, Body, Product, is_variable, pieces

LINEAR = {"broadcast_in_dim", "neg", "reduce_sum", "reshape", "squeeze", "transpose"}  # in their first input


@dataclasses.dataclass(frozen=True)
class Accumulated:
    """What a loop adds up in one of the values that it carries.

    Args:
        number: of the carried value.
        added: to it in every pass.
        sums: the equations that add.
    """

    number: int
    added: tuple[jex.Var, ...]
    sums: tuple[jex.JaxprEqn, ...]


def accumulated(body: Body) -> list[Accumulated]:
    """Carried values that only grow by products, or by what these are made of."""
    sums = [found for number in range(body.carries) if (found := grown(body, number)) is not None]
    by_products = [one for one in sums if all(product_in(body, variable) is not None for variable in one.added)]
    factors = set(needed(body, by_products))
    others = [one for one in sums if one not in by_products and factors.issuperset(needed(body, [one]))]
    return by_products + others


def grown(body: Body, number: int) -> Accumulated | None:
    """What is added to a carried value; None where something else is done to it."""
    before, after, sums, added = body.carried[number], body.following[number], [], []
    while after is not before:
        maker = body.maker(after)
        if maker is None or maker.primitive.name not in SUMS or body.uses[after] != 1:
            return None
        if any(not is_variable(one) or one.aval != before.aval for one in maker.invars):
            return None
        after, other = maker.invars if leads_to(body, maker.invars[0], before) else maker.invars[::-1]
        added.append(other)
        sums.append(maker)
    return Accumulated(number, tuple(added), tuple(sums)) if added and body.uses[before] == 1 else None


def leads_to(body: Body, variable: Any, source: jex.Var) -> bool:
    """Whether a sum is made from a value by adding alone."""
    if variable is source:
        return True
    maker = body.maker(variable)
    return maker is not None and maker.primitive.name in SUMS and any(leads_to(body, v, source) for v in maker.invars)


def is_linear(equation: jex.JaxprEqn | None) -> bool:
    """Whether it may as well be carried out on a sum as on what is summed."""
    if equation is None or equation.primitive.name != "convert_element_type":
        return equation is not None and equation.primitive.name in LINEAR
    return all(jnp.issubdtype(one.aval.dtype, jnp.floating) for one in (*equation.invars, *equation.outvars))


def bottom(body: Body, variable: Any) -> Any:
    """What a value is only another shape or a sum of."""
    maker = body.maker(variable)
    return bottom(body, maker.invars[0]) if is_linear(maker) else variable


def product_in(body: Body, variable: Any) -> jex.JaxprEqn | None:
    """The product that a value is another shape of, if both of its factors change from pass to pass."""
    maker = body.maker(bottom(body, variable))
    if maker is None or maker.primitive.name != "dot_general":
        return None
    return None if any(factor in body.staying for factor in maker.invars) else maker


def needed(body: Body, found: Iterable[Accumulated]) -> Iterator[jex.Var]:
    """What is to be kept of every pass, for the sums to be made behind the loop."""
    for variable in dict.fromkeys(variable for one in found for variable in one.added):
        product = product_in(body, variable)
        yield from (bottom(body, variable),) if product is None else product.invars


@dataclasses.dataclass(frozen=True)
class Beside:
    """Factors that are kept side by side.

    Args:
        array: of all passes, which is its first axis.
        axis: of one pass, along which they lie.
    """

    array: Any
    axis: int


class Behind:
    """Sums over all passes, made from what is kept of every pass.

    Args:
        found: whose sums are asked for.
        kept: values of the body, each as an array of all passes, which is its first axis; or several as one.
    """

    def __init__(
        self,
        body: Body,
        found: Iterable[Accumulated],
        kept: Mapping[jex.Var, Any],
        beside: Mapping[tuple[jex.Var, ...], Beside],
    ):
        self.body, self.kept, self.beside = body, kept, beside
        self.totals: dict[jex.Var, Any] = {}
        made = [product_in(body, variable) for one in found for variable in one.added]
        groups = by_shared_factor([equation for equation in made if equation is not None])
        for rows in with_equal_others(groups):
            self.totals |= self.products(rows)

    def total(self, variable: jex.Var) -> Any:
        """The sum of a value over all passes."""
        if variable not in self.totals:
            self.totals |= self.made(variable)
        return self.totals[variable]

    def made(self, variable: jex.Var) -> dict[jex.Var, Any]:
        maker = self.body.maker(variable)
        if is_linear(maker):
            params = maker.primitive.get_bind_params(maker.params)
            return {variable: maker.primitive.bind(self.total(maker.invars[0]), **params)}
        for factors, beside in self.beside.items():
            if variable in factors:
                sizes = [factor.aval.shape[beside.axis] for factor in factors]
                return dict(zip(factors, pieces(beside.array.sum(axis=0), sizes, beside.axis), strict=True))
        return {variable: self.kept[variable].sum(axis=0)}

    def products(self, rows: list[list[Product]]) -> dict[jex.Var, Any]:
        """The totals of products: one product of all factors that are shared, and with all that they are multiplied by.

        Args:
            rows: for each shared factor, its products; all have the same other factors.
        """
        first = rows[0][0]
        if len(rows[0]) == 1:
            pair = [self.of_all(first.equation.invars[at]) for at in (0, 1)]
            return {first.made: over_passes(first.equation, first.axes(0)[:2], first.axes(1)[:2], *pair)}
        (_, both, own), theirs = first.axes(first.at), first.axes(1 - first.at)
        axis, other_axis = own[0] if len(own) == 1 else None, theirs[2][0]
        order, others = self.side_by_side([part.other for part in rows[0]], other_axis)
        factors = [self.of_all(row[0].factor) for row in rows]
        sums = [] if axis is None else [one for one in self.body.program.eqns if sums_over(one, order, theirs)]
        if sums:  # as a row of ones makes them on the way
            factors.append(jnp.ones_like(lax.slice_in_dim(factors[0], 0, 1, axis=axis + 1)))
        product = over_passes(
            first.equation,
            first.axes(first.at)[:2],
            first.axes(1 - first.at)[:2],
            jnp.concatenate(factors, axis + 1) if len(factors) > 1 else factors[0],
            others,
        )
        heights = [factor.shape[axis + 1] for factor in factors] if len(factors) > 1 else []
        parts = pieces(product, heights, len(both)) if heights else [product]
        cut = lambda part: pieces(part, [other.aval.shape[other_axis] for other in order], -1)
        found = {}
        for row, part in zip(rows, parts):
            by_other = {one.other: one.made for one in row}
            for other, piece in zip(order, cut(part), strict=True):
                # in the product as it is written the others may come first, behind the axes that both have
                found[by_other[other]] = jnp.moveaxis(piece, -1, len(both)) if first.at == 1 else piece
        for equation in sums:
            piece = cut(parts[-1])[order.index(equation.invars[0])]
            found[equation.outvars[0]] = jnp.squeeze(piece, len(both))
        return found

    def side_by_side(self, others: list[jex.Var], axis: int) -> tuple[list[jex.Var], Any]:
        """These as one array of all passes, and the order in which they lie in it."""
        for factors, beside in self.beside.items():
            if beside.axis == axis and set(factors) == set(others):
                return list(factors), beside.array
        return others, jnp.concatenate([self.of_all(other) for other in others], axis + 1)

    def of_all(self, variable: jex.Var) -> Any:
        """A value of all passes."""
        for factors, beside in self.beside.items():
            if variable in factors and variable not in self.kept:
                sizes = [factor.aval.shape[beside.axis] for factor in factors]
                return pieces(beside.array, sizes, beside.axis + 1)[factors.index(variable)]
        return self.kept[variable]


Axes = tuple[tuple[int, ...], tuple[int, ...]]


def over_passes(equation: jex.JaxprEqn, left: Axes, right: Axes, x: Any, y: Any) -> Any:
    """A product whose sum goes over all passes too.

    Args:
        left, right: of each factor in one pass, the axes that are summed over and those that both have.
        x, y: the factors of all passes.
    """
    behind = lambda axes: tuple(axis + 1 for axis in axes)
    summed, both = ((0, *behind(left[0])), (0, *behind(right[0]))), (behind(left[1]), behind(right[1]))
    return equation.primitive.bind(x, y, **equation.params | {"dimension_numbers": (summed, both)})


def sums_over(equation: jex.JaxprEqn, factors: list[jex.Var], axes: tuple[tuple[int, ...], ...]) -> bool:
    """Whether an equation sums one of the factors over what their products sum over, as a bias's gradient does.

    Args:
        axes: of the factors: those that are summed over, those that both factors have, and their own.
    """
    if equation.primitive.name != "reduce_sum" or equation.invars[0] not in factors:
        return False
    summed, both, own = axes
    left = [axis for axis in range(equation.invars[0].aval.ndim) if axis not in equation.params["axes"]]
    return sorted(equation.params["axes"]) == sorted(summed) and left == [*both, *own]


def by_shared_factor(equations: list[jex.JaxprEqn]) -> Iterator[list[Product]]:
    """Products in groups that share a factor, the largest group first; what shares none is alone."""
    left = {id(equation): equation for equation in equations}
    while left:
        found = collections.defaultdict(list)
        for product in (Product(equation, at) for equation in left.values() for at in (0, 1)):
            shareable = len(product.axes(1 - product.at)[2]) == 1
            found[(product.factor, product.how) if shareable else id(product.equation)].append(product)
        parts = max(found.values(), key=len)
        parts = list({id(part.equation): part for part in parts}.values())
        for part in parts:
            del left[id(part.equation)]
        yield parts


def with_equal_others(groups: Iterable[list[Product]]) -> Iterator[list[list[Product]]]:
    """Groups of products together whose shared factors are multiplied by the same others, in the same way."""
    rows = collections.defaultdict(list)
    for parts in groups:
        first = parts[0]
        joins = len(parts) > 1 and len(first.axes(first.at)[2]) == 1
        rows[(first.how, frozenset(part.other for part in parts)) if joins else id(first.equation)].append(parts)
    yield from rows.values()
