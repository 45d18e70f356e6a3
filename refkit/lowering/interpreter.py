"""Carry out a traced program equation by equation, some of them in another form."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import jax
from jax.extend import core as jex

from refkit.lowering import turned
from refkit.lowering.recomputed import Recomputed

INLINED = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr"}


@dataclasses.dataclass
class Environment:
    """Values of variables while a program is carried out.

    Args:
        values: arrays, some with their axes turned, and what is to be made again.
        made: what forms have made of an array and may use once more: by what it is, with the array itself.
    """

    values: dict[jex.Var, Any] = dataclasses.field(default_factory=dict)
    made: dict[tuple, Any] = dataclasses.field(default_factory=dict)

    def read(self, variable: jex.Var | jex.Literal) -> Any:
        if isinstance(variable, jex.Literal):
            return variable.val
        value = self.values[variable]
        return value.settled() if isinstance(value, Recomputed) else value

    def inner(self) -> "Environment":
        """Of a program that is called in this one."""
        return Environment(made=self.made)


Form = Callable[[jex.JaxprEqn, list[Any], Environment], Any]


def lower(function: Callable) -> Callable:
    """The function, which gives the same values up to rounding."""

    def carried_out(*arguments: Any) -> Any:
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        values = evaluate(closed, jax.tree.leaves(arguments), Environment())
        return jax.tree.unflatten(jax.tree.structure(shape), [turned.settled(value) for value in values])

    return carried_out


def evaluate(program: jex.ClosedJaxpr, arguments: Iterable[Any], environment: Environment) -> list[Any]:
    """The values of a program's results, which may be turned."""
    jaxpr = program.jaxpr
    environment.values |= dict(zip(jaxpr.constvars, program.consts, strict=True))
    environment.values |= dict(zip(jaxpr.invars, arguments, strict=True))
    evaluate_equations(jaxpr.eqns, environment)
    return [environment.read(variable) for variable in jaxpr.outvars]


def evaluate_equations(equations: Iterable[jex.JaxprEqn], environment: Environment) -> None:
    """Put the results of the equations into the environment."""
    for equation in equations:
        inputs = [environment.read(variable) for variable in equation.invars]
        found = evaluate_one(equation, inputs, environment)
        environment.values.update(zip(equation.outvars, found, strict=True))


def evaluate_one(equation: jex.JaxprEqn, inputs: list[Any], environment: Environment) -> list[Any]:
    name = equation.primitive.name
    if name in INLINED:
        return evaluate(equation.params[INLINED[name]], inputs, environment.inner())
    form = FORMS.get(name)
    found = form(equation, inputs, environment) if form is not None else None
    if found is None:
        found = turned.carry_on(equation, inputs)
    if found is None:
        arrays = [turned.settled(value) for value in inputs]
        found = equation.primitive.bind(*arrays, **equation.primitive.get_bind_params(equation.params))
    return list(found) if equation.primitive.multiple_results else [found]


FORMS: dict[str, Form] = {}  # by primitive: its results in another form, or None where it has none for this equation
