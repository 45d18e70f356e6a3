"""What a loop keeps of every pass and could as well be made again, for a few operations on what it keeps besides."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from jax.extend import core as jex

from refkit.lowering.bodies import Body, is_variable

CHEAP = {"add", "add_any", "mul", "neg", "sub"}
MOST_SOURCES = 2


@dataclasses.dataclass(frozen=True)
class Recomputed:
    """An output of a loop that is not kept.

    Args:
        made: by these equations, elementwise, in turn; the last makes it.
        sources: what the body calls what it is made from, and what the loop keeps of that.
    """

    made: tuple[jex.JaxprEqn, ...]
    sources: dict[jex.Var, Any]

    def again(self, sources: Iterable[Any]) -> Any:
        """Made from arrays of one pass or of all, given as `sources` lists them."""
        values = dict(zip(self.sources, sources, strict=True))
        for equation in self.made:
            inputs = [values[one] if is_variable(one) else one.val for one in equation.invars]
            values[equation.outvars[0]] = equation.primitive.bind(*inputs, **equation.params)
        return values[self.made[-1].outvars[0]]

    def settled(self) -> Any:
        return self.again(self.sources.values())


def spared(body: Body) -> dict[jex.Var, list[jex.JaxprEqn]]:
    """Outputs that need not be kept of every pass, and how each is made from those that are."""
    kept = set(filter(is_variable, body.results))
    found = {}
    for variable in dict.fromkeys(filter(is_variable, body.results)):
        equations = recipe(body, variable, kept - {variable} - set(found))
        if equations is not None:
            found[variable] = equations
    return {variable: made for variable, made in found.items() if not set(found).intersection(sources_of(made))}


def sources_of(made: list[jex.JaxprEqn]) -> list[jex.Var]:
    """What these equations make their results from, in the order in which they ask for it."""
    own = {equation.outvars[0] for equation in made}
    asked = dict.fromkeys(one for equation in made for one in equation.invars if is_variable(one))
    return [one for one in asked if one not in own]


def recipe(body: Body, variable: jex.Var, kept: set[jex.Var]) -> list[jex.JaxprEqn] | None:
    """Elementwise equations that make a value from kept ones; None where there are none, or from too many."""
    found: dict[int, jex.JaxprEqn] = {}
    if not recipe_of(body, variable, kept, found):
        return None
    equations = list(found.values())
    return equations if len(sources_of(equations)) <= MOST_SOURCES else None


def recipe_of(body: Body, variable: jex.Var, kept: set[jex.Var], found: dict[int, jex.JaxprEqn]) -> bool:
    maker = body.maker(variable)
    if maker is None or maker.primitive.name not in CHEAP:
        return False
    for one in filter(is_variable, maker.invars):
        if one.aval.shape != variable.aval.shape or (one not in kept and not recipe_of(body, one, kept, found)):
            return False
    found[id(maker)] = maker
    return True
