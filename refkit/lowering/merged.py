"""Products of one pass of a loop made as one: those that share a factor, and those whose results are added up."""

import collections
import dataclasses
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
from jax.extend import core as jex

from refkit.lowering.bodies import SUMS, Body, Product, is_variable, pieces, products

Values = dict[jex.Var, Any]


@dataclasses.dataclass(frozen=True)
class Shared:
    """Products of one factor with several weights: one product with all of these side by side.

    Args:
        parts: seen from the factor.
    """

    parts: tuple[Product, ...]

    @property
    def weights(self) -> tuple[tuple[jex.Var, ...], int]:
        """Those that are to be laid side by side, and along which of their axes."""
        first = self.parts[0]
        return tuple(part.other for part in self.parts), first.axes(1 - first.at)[2][0]

    @property
    def begins(self) -> jex.JaxprEqn:
        """Where in the program it is carried out."""
        return self.parts[0].equation

    @property
    def spared(self) -> list[jex.JaxprEqn]:
        """Equations that need not be carried out."""
        return [part.equation for part in self.parts]

    def carry_out(self, values: Values, weights: Any) -> Values:
        first = self.parts[0]
        _, axis = self.weights
        product = first.times(values[first.factor], weights)
        place = -1 if first.at == 0 else len(first.axes(0)[1])  # the weights' own axis in the product
        sizes = [part.other.aval.shape[axis] for part in self.parts]
        return {part.made: piece for part, piece in zip(self.parts, pieces(product, sizes, place), strict=True)}


@dataclasses.dataclass(frozen=True)
class Summed:
    """A sum of products of several factors with a weight each: one product of all of them side by side.

    Args:
        parts: seen from the factors.
        rest: what else is added.
        root: the equation whose result the sum is.
        spared: equations that need not be carried out.
    """

    parts: tuple[Product, ...]
    rest: tuple[Any, ...]
    root: jex.JaxprEqn
    spared: list[jex.JaxprEqn]

    @property
    def weights(self) -> tuple[tuple[jex.Var, ...], int]:
        first = self.parts[0]
        return tuple(part.other for part in self.parts), first.axes(1 - first.at)[0][0]

    @property
    def factors(self) -> tuple[jex.Var, ...]:
        return tuple(part.factor for part in self.parts)

    @property
    def axis(self) -> int:
        """Along which the factors are laid side by side."""
        return self.parts[0].axes(self.parts[0].at)[0][0]

    @property
    def begins(self) -> jex.JaxprEqn:
        return self.root

    def carry_out(self, values: Values, weights: Any) -> Values:
        beside = values.get(self.factors)
        if beside is None:
            beside = jnp.concatenate([values[factor] for factor in self.factors], self.axis)
        total = self.parts[0].times(beside, weights)
        for other in self.rest:
            total = total + (values[other] if is_variable(other) else other.val)
        return {self.factors: beside, self.root.outvars[0]: total}


Merged = Shared | Summed


def merged(body: Body) -> list[Merged]:
    """What can be made as one in a body, no product twice."""
    shared = list(sharing(body))
    taken = {id(equation) for group in shared for equation in group.spared}
    return [*shared, *(group for group in summing(body) if not any(id(one) in taken for one in group.spared))]


def weighted(body: Body) -> Iterator[Product]:
    """Products of something that changes with a weight, seen from what changes."""
    for equation in products(body):
        stays = [variable in body.staying for variable in equation.invars]
        if stays.count(True) == 1:
            yield Product(equation, stays.index(False))


def sharing(body: Body) -> Iterator[Shared]:
    groups = collections.defaultdict(list)
    for product in weighted(body):
        if len(product.axes(1 - product.at)[2]) == 1:
            groups[product.factor, product.how].append(product)
    yield from (Shared(tuple(parts)) for parts in groups.values() if len(parts) > 1)


def summing(body: Body) -> Iterator[Summed]:
    by_made = {product.made: product for product in weighted(body) if len(product.axes(product.at)[0]) == 1}
    inner = set()
    for equation in reversed(body.program.eqns):
        if equation.primitive.name not in SUMS or id(equation) in inner:
            continue
        leaves, sums = terms(body, equation)
        inner |= set(map(id, sums))
        groups = collections.defaultdict(list)
        for leaf in leaves:
            if is_variable(leaf) and leaf in by_made and body.uses[leaf] == 1:
                groups[by_made[leaf].how, leaf.aval.shape].append(by_made[leaf])
        parts = max(groups.values(), key=len, default=[])
        if len(parts) > 1:
            made = {part.made for part in parts}
            rest = tuple(leaf for leaf in leaves if not is_variable(leaf) or leaf not in made)
            yield Summed(tuple(parts), rest, equation, [*sums, *(part.equation for part in parts)])


def terms(body: Body, equation: jex.JaxprEqn) -> tuple[list[Any], list[jex.JaxprEqn]]:
    """What a sum adds up in the end, and the sums that it is made of, itself among them."""
    leaves, sums = [], [equation]
    for variable in equation.invars:
        maker = body.maker(variable)
        if maker is not None and maker.primitive.name in SUMS and body.uses[variable] == 1:
            found = terms(body, maker)
            leaves += found[0]
            sums += found[1]
        else:
            leaves.append(variable)
    return leaves, sums
