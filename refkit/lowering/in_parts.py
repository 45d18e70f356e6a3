"""A convolution on some examples after the other, so that what is made for them stays in the processor's cache."""

import copy
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from refkit.lowering.turned import Turned

Way = Callable[..., Turned]


def in_parts(way: Way, x: Any, w: Any, sizes: Any, parts: int) -> Turned:
    """What a form makes whose result has the examples as its last axis.

    Args:
        way: the form.
        x, w: what is convolved, and the kernel.
        sizes: theirs.
        parts: how many; a divisor of the number of examples.
    """
    part = copy.copy(sizes)
    part.batch //= parts
    made = lax.map(lambda some: way(some, w, part, {}), cut_up(x, sizes.x_batch, parts))
    array = jnp.moveaxis(made.array, 0, -2)
    return Turned(array.reshape(*array.shape[:-2], -1), made.order)


def summed_in_parts(way: Way, x: Any, w: Any, sizes: Any, parts: int) -> Turned:
    """Likewise where the examples are the channels, as in the gradient of a kernel: the parts add up."""
    part = copy.copy(sizes)
    part.channels //= parts
    both = cut_up(x, sizes.x_channels, parts), cut_up(w, sizes.w_channels, parts)
    made = lax.map(lambda some: way(*some, part, {}), both)
    return Turned(made.array.sum(axis=0), made.order)


def cut_up(value: Any, axis: int, parts: int) -> Turned:
    """An array in parts along one of the program's axes: `[parts, ...]`, its order that of a part."""
    whole = value if isinstance(value, Turned) else Turned(value, tuple(range(value.ndim)))
    at, shape = whole.order.index(axis), whole.array.shape
    split = whole.array.reshape(*shape[:at], parts, -1, *shape[at + 1 :])
    return Turned(jnp.moveaxis(split, at, 0), whole.order)
