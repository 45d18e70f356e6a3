"""How many floating-point operations a program's matrix products and convolutions take."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.extend import core as jex


def operations(function: Callable, *arguments: Any) -> int:
    """Multiplications and additions of all products, as the function is written, every pass of a loop counted.

    XLA's own figures count a loop's body once, however often it is passed. What is elementwise is left out, so that the
    figure compares with a machine's peak in matrix products; a branch counts as the dearest, and a loop of unknown length
    as one pass.

    Args:
        function: of pytrees of arrays; it is traced, not run.
    """
    return of_program(jax.make_jaxpr(function)(*arguments).jaxpr)


def of_program(program: jex.Jaxpr) -> int:
    return sum(map(of_equation, program.eqns))


def of_equation(equation: jex.JaxprEqn) -> int:
    params = equation.params
    match equation.primitive.name:
        case "dot_general":
            contracted = params["dimension_numbers"][0][0]
            left = equation.invars[0].aval.shape
            return 2 * math.prod(equation.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        case "conv_general_dilated":
            kernel, features = equation.invars[1].aval.shape, params["dimension_numbers"].rhs_spec[0]
            return 2 * math.prod(equation.outvars[0].aval.shape) * (math.prod(kernel) // kernel[features])
        case "scan":
            return params["length"] * of_program(params["jaxpr"].jaxpr)
        case "cond":
            return max(of_program(branch.jaxpr) for branch in params["branches"])
    return sum(map(of_program, programs_in(params)))


def programs_in(params: dict[str, Any]) -> Iterator[jex.Jaxpr]:
    """The programs that an equation calls, as nested calls and custom derivatives do."""
    for value in params.values():
        if isinstance(value, jex.ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, jex.Jaxpr):
            yield value
