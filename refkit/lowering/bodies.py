"""What is known of a loop's body: which values stay, which are carried on, and what each is made from."""

import collections
import dataclasses
import functools
from typing import Any

import jax.numpy as jnp
from jax.extend import core as jex

SUMS = {"add", "add_any"}
RESHAPES = {
    "transpose",
    "reshape",
    "squeeze",
    "convert_element_type",
}  # what may stand between a weight and its product


@dataclasses.dataclass(frozen=True)
class Body:
    """The body of a scan.

    Args:
        program: with nothing nested in it that can be inlined; no constants.
        consts, carries: how many of its inputs stay the same in every pass, and how many are carried on.
    """

    program: jex.Jaxpr
    consts: int
    carries: int

    @property
    def fixed(self) -> list[jex.Var]:
        return self.program.invars[: self.consts]

    @property
    def carried(self) -> list[jex.Var]:
        return self.program.invars[self.consts : self.consts + self.carries]

    @property
    def elements(self) -> list[jex.Var]:
        """Inputs of which each pass sees one element."""
        return self.program.invars[self.consts + self.carries :]

    @property
    def following(self) -> list[Any]:
        """What each of `carried` is in the next pass."""
        return self.program.outvars[: self.carries]

    @property
    def results(self) -> list[Any]:
        """Outputs that are kept of every pass."""
        return self.program.outvars[self.carries :]

    @functools.cached_property
    def makers(self) -> dict[jex.Var, jex.JaxprEqn]:
        return {made: equation for equation in self.program.eqns for made in equation.outvars}

    @functools.cached_property
    def uses(self) -> collections.Counter:
        """How often each value is used, as an output too."""
        used = [variable for equation in self.program.eqns for variable in equation.invars] + self.program.outvars
        return collections.Counter(variable for variable in used if is_variable(variable))

    def maker(self, variable: Any) -> jex.JaxprEqn | None:
        """The equation that makes a value; None for inputs and literals."""
        return self.makers.get(variable) if is_variable(variable) else None

    @functools.cached_property
    def staying(self) -> set[jex.Var]:
        """Weights: values that are the same in every pass, as they are given or in another shape."""
        found = set(self.fixed)
        for equation in self.program.eqns:
            if equation.primitive.name in RESHAPES and equation.invars[0] in found:
                found |= set(equation.outvars)
        return found


def is_variable(value: Any) -> bool:
    return not isinstance(value, jex.Literal)


@dataclasses.dataclass(frozen=True)
class Product:
    """A matrix product seen from one of its two factors.

    Args:
        equation: a `dot_general`.
        at: which of its factors is the one looked at: 0 or 1.
    """

    equation: jex.JaxprEqn
    at: int

    @property
    def factor(self) -> Any:
        return self.equation.invars[self.at]

    @property
    def other(self) -> Any:
        return self.equation.invars[1 - self.at]

    @property
    def made(self) -> jex.Var:
        return self.equation.outvars[0]

    def axes(self, factor: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The axes of a factor that are summed over, that both have, and that only it has."""
        contracted, both = (tuple(axes[factor]) for axes in self.equation.params["dimension_numbers"])
        rank = len(self.equation.invars[factor].aval.shape)
        return contracted, both, tuple(axis for axis in range(rank) if axis not in contracted + both)

    @property
    def how(self) -> tuple:
        """What products must have in common to be made as one."""
        rest = {name: value for name, value in self.equation.params.items() if name != "dimension_numbers"}
        types = tuple((variable.aval.dtype, variable.aval.ndim) for variable in self.equation.invars)
        return self.at, self.equation.params["dimension_numbers"], types, str(sorted(rest.items(), key=str))

    def laid(self, weights: Any) -> Any:
        """The other factor with its axes as products are fastest: what is summed over before what only it has."""
        contracted, both, free = self.axes(1 - self.at)
        return jnp.transpose(weights, both + contracted + free) if self.at == 0 else weights

    def times(self, factor: Any, weights: Any) -> Any:
        """The product with these in place of its two factors, the other one `laid`."""
        if self.at == 1:
            return self.equation.primitive.bind(weights, factor, **self.equation.params)
        contracted, both, _ = self.axes(0)
        behind = tuple(range(len(both), len(both) + len(contracted)))
        axes = (contracted, behind), (both, tuple(range(len(both))))
        return self.equation.primitive.bind(factor, weights, **self.equation.params | {"dimension_numbers": axes})


def products(body: Body) -> list[jex.JaxprEqn]:
    return [equation for equation in body.program.eqns if equation.primitive.name == "dot_general"]


def pieces(array: Any, sizes: list[int], axis: int) -> list[Any]:
    """An array cut along an axis."""
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes) - 1)]
    return jnp.split(array, ends, axis=axis)
