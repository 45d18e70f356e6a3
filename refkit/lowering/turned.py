"""Arrays whose axes are kept in another order than the program says, and the equations that need not know."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core as jex


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Turned:
    """An array with its axes in another order.

    Args:
        array: as it is kept.
        order: of each of its axes, which one of the program's it is.
    """

    array: jax.Array
    order: tuple[int, ...] = dataclasses.field(metadata={"static": True})


def settled(value: Any) -> Any:
    """The array as the program has it."""
    return jnp.transpose(value.array, inverse(value.order)) if isinstance(value, Turned) else value


def turned(value: Any, order: tuple[int, ...]) -> jax.Array:
    """The array with its axes in this order."""
    if isinstance(value, Turned):
        return jnp.transpose(value.array, tuple(value.order.index(axis) for axis in order))
    return jnp.transpose(value, order)


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order.index(axis) for axis in range(len(order)))


def carry_on(equation: jex.JaxprEqn, inputs: list[Any]) -> Any:
    """The results with the axes in the order that the inputs have, None where the equation needs the program's order."""
    if not any(isinstance(value, Turned) for value in inputs):
        return None
    rule = RULES.get(equation.primitive.name)
    if rule is not None:
        return rule(equation, inputs)
    return elementwise(equation, inputs) if is_elementwise(equation) else None


def is_elementwise(equation: jex.JaxprEqn) -> bool:
    """Whether every input with axes has those of the one result, as long or of length 1, and the equation names no axis."""
    out, *others = equation.outvars
    shapes = [variable.aval.shape for variable in equation.invars if variable.aval.shape]
    fits = lambda shape: len(shape) == out.aval.ndim and all(map(one_or, shape, out.aval.shape))
    return not others and equation.primitive.name in ELEMENTWISE and all(map(fits, shapes))


def one_or(length: int, other: int) -> bool:
    return length in (1, other)


ELEMENTWISE = set(
    """abs add add_any and ceil clamp convert_element_type copy copy_p cos div eq erf exp exp2 expm1 floor ge gt
    integer_pow is_finite le log log1p logistic lt max min mul ne neg not or pow rsqrt select_n sign sin sqrt square
    stop_gradient sub tan tanh xor""".split()
)


def elementwise(equation: jex.JaxprEqn, inputs: list[Any]) -> Turned:
    order = first_order(inputs)
    arrays = [turned(value, order) if rank(value) else value for value in inputs]
    return Turned(equation.primitive.bind(*arrays, **equation.params), order)


def along_axes(*names: str) -> Callable[[jex.JaxprEqn, list[Any]], Turned]:
    """A rule for equations with one entry an axis in the parameters `names`; inputs without axes stay."""

    def rule(equation: jex.JaxprEqn, inputs: list[Any]) -> Turned:
        order = first_order(inputs)
        params = dict(equation.params)
        for name in names:
            params[name] = tuple(params[name][axis] for axis in order)
        arrays = [turned(value, order) if rank(value) else value for value in inputs]
        return Turned(equation.primitive.bind(*arrays, **params), order)

    return rule


def transpose(equation: jex.JaxprEqn, inputs: list[Any]) -> Turned:
    permutation = equation.params["permutation"]
    return Turned(inputs[0].array, tuple(permutation.index(axis) for axis in inputs[0].order))


def reduce(equation: jex.JaxprEqn, inputs: list[Any]) -> Turned:
    (value,), gone = inputs, equation.params["axes"]
    params = equation.params | {"axes": tuple(value.order.index(axis) for axis in gone)}
    left = [axis for axis in value.order if axis not in gone]
    return Turned(equation.primitive.bind(value.array, **params), tuple(sorted(left).index(axis) for axis in left))


def first_order(inputs: list[Any]) -> tuple[int, ...]:
    return next(value.order for value in inputs if isinstance(value, Turned))


def rank(value: Any) -> int:
    return len(value.order) if isinstance(value, Turned) else jnp.ndim(value)


WINDOW = ("window_dimensions", "window_strides", "padding")
POOLING = along_axes(*WINDOW, "base_dilation", "window_dilation")
RULES = {
    "pad": along_axes("padding_config"),
    "reduce_window_sum": POOLING,
    "reduce_window_max": POOLING,
    "reduce_window_min": POOLING,
    "select_and_scatter_add": along_axes(*WINDOW),
    "transpose": transpose,
    "reduce_sum": reduce,
    "reduce_max": reduce,
    "reduce_min": reduce,
}
