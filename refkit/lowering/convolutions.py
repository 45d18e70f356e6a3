"""Convolutions, and the two that their gradients are, as one matrix product with the examples as the last axis.

A convolution is a sum over input channels c and places k of a window:
`out[b, f, o] = sum(x[b, c, o + k] * w[f, c, k])`. XLA's own on a CPU is slow, above all inside loops.
"""

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core as jex

from refkit.lowering.in_parts import in_parts, summed_in_parts
from refkit.lowering.interpreter import Environment
from refkit.lowering.turned import Turned, turned

MOST_SLICES = 64  # shifted copies that are written out one by one
MOST_BYTES = 6e6  # of what is made at once: more leaves the processor's cache
Made = dict[tuple, Any]


def convolve(equation: jex.JaxprEqn, inputs: list[Any], environment: Environment) -> Turned | None:
    """The same convolution in the form that makes the fewest numbers; None where it strides, is dilated or grouped."""
    params = equation.params
    if params["feature_group_count"] != 1 or params["batch_group_count"] != 1:
        return None
    if any(size != 1 for name in ("window_strides", "lhs_dilation", "rhs_dilation") for size in params[name]):
        return None
    x, w = (variable.aval.shape for variable in equation.invars)
    sizes = Sizes(x, w, params["dimension_numbers"], tuple(params["padding"]))
    ways = [(cost, way) for cost, count, way in sizes.ways() if count <= MOST_SLICES]
    if not ways:
        return None
    cost, way = min(ways, key=lambda pair: pair[0])
    examples, one_by_one = (sizes.channels, summed_in_parts) if way is by_outputs else (sizes.batch, in_parts)
    parts = fewest_parts(examples, cost * equation.outvars[0].aval.dtype.itemsize)
    return way(*inputs, sizes, environment.made) if parts == 1 else one_by_one(way, *inputs, sizes, parts)


def fewest_parts(examples: int, size: float) -> int:
    """Equal parts of the examples of which none makes more than is allowed, as far as there are such."""
    counts = [count for count in range(1, examples + 1) if examples % count == 0]
    return next((count for count in counts if size / count <= MOST_BYTES), examples)


class Sizes:
    """Sizes and axes of one convolution.

    Args:
        x, w: shapes.
        numbers: which axes are which.
        padding: before and behind each spatial axis; negative ones cut off.
    """

    def __init__(self, x: tuple[int, ...], w: tuple[int, ...], numbers: Any, padding: tuple[tuple[int, int], ...]):
        self.padding = padding
        self.x_batch, self.x_channels, *self.x_space = numbers.lhs_spec
        self.w_features, self.w_channels, *self.w_space = numbers.rhs_spec
        self.out_batch, self.out_features, *self.out_space = numbers.out_spec
        self.batch, self.channels, self.features = x[self.x_batch], x[self.x_channels], w[self.w_features]
        self.inputs = tuple(x[axis] for axis in self.x_space)
        self.window = tuple(w[axis] for axis in self.w_space)
        self.outputs = tuple(
            size + sum(pads) - k + 1 for size, pads, k in zip(self.inputs, padding, self.window, strict=True)
        )

    def ways(self):
        """What each makes, in numbers; of how many slices; itself."""
        window, outputs, inputs = math.prod(self.window), math.prod(self.outputs), math.prod(self.inputs)
        yield window * self.channels * outputs * self.batch, window, by_patches
        yield window * self.features * inputs * self.batch, window, by_sums
        yield outputs * self.channels * window * self.batch, outputs, by_outputs


def by_patches(x: Any, w: Any, sizes: Sizes, made: Made) -> Turned:
    """What each place of the window sees, side by side, times the kernel."""
    order = (sizes.x_channels, *sizes.x_space, sizes.x_batch)
    patches = patches_of(x, order, sizes, sizes.window, sizes.outputs, made)  # [c, k, o..., b]
    kernel = turned(w, (sizes.w_channels, *sizes.w_space, sizes.w_features)).reshape(-1, sizes.features)  # [c k, f]
    out = kernel.T @ patches.reshape(len(kernel), -1)
    out = out.reshape(sizes.features, *sizes.outputs, sizes.batch)
    return Turned(out, (sizes.out_features, *sizes.out_space, sizes.out_batch))


def by_sums(x: Any, w: Any, sizes: Sizes, made: Made) -> Turned:
    """Every input times the kernel, and the products summed where they fall."""
    columns = turned(x, (sizes.x_channels, *sizes.x_space, sizes.x_batch)).reshape(sizes.channels, -1)  # [c, i b]
    kernel = turned(w, (sizes.w_channels, *sizes.w_space, sizes.w_features)).reshape(sizes.channels, -1)  # [c, k f]
    products = (kernel.T @ columns).reshape(-1, sizes.features, *sizes.inputs, sizes.batch)
    zero, out = jnp.zeros((), products.dtype), 0
    for place, product in zip(itertools.product(*map(range, sizes.window)), products):
        moved = [
            (before - at, behind - (size - 1 - at), 0)
            for at, (before, behind), size in zip(place, sizes.padding, sizes.window, strict=True)
        ]
        out = out + lax.pad(product, zero, [(0, 0, 0), *moved, (0, 0, 0)])
    return Turned(out, (sizes.out_features, *sizes.out_space, sizes.out_batch))


def by_outputs(x: Any, w: Any, sizes: Sizes, made: Made) -> Turned:
    """What each output sees, side by side, times the kernel: for the gradient of a kernel, whose outputs are few.

    Its channels are the examples, and so the last axis, as in the patches of the convolution itself.
    """
    order = (sizes.x_batch, *sizes.x_space, sizes.x_channels)
    patches = patches_of(x, order, sizes, sizes.outputs, sizes.window, made)  # [b, o, k..., c]
    rows = patches.reshape(sizes.batch * patches.shape[1], -1)
    kernel = turned(w, (sizes.w_features, *sizes.w_space, sizes.w_channels)).reshape(sizes.features, -1)  # [f, k c]
    out = (rows @ kernel.T).reshape(sizes.batch, *sizes.outputs, sizes.features)
    return Turned(out, (sizes.out_batch, *sizes.out_space, sizes.out_features))


def patches_of(
    x: Any, order: tuple[int, ...], sizes: Sizes, places: tuple[int, ...], cut: tuple[int, ...], made: Made
) -> jax.Array:
    """`[first, i..., last]` cut to `cut` at every place: `[first, places, cut..., last]`; made once for one array."""
    key = ("patches", id(x), order, sizes.padding, places, cut)
    if key not in made:
        made[key] = cuts(padded(turned(x, order), sizes), places, cut), x  # `x` is kept so that its id stays its own
    return made[key][0]


def cuts(x: jax.Array, places: tuple[int, ...], cut: tuple[int, ...]) -> jax.Array:
    """Each cut is written to its place at once: stacked, all of them would be made first, and then copied.

    A loop goes over the places of the first axis, so that the program to compile is short.
    """
    rest = list(itertools.product(*map(range, places[1:])))

    def write(first: jax.Array, out: jax.Array) -> jax.Array:
        rows = lax.dynamic_slice_in_dim(x, first, cut[0], axis=1)
        for number, place in enumerate(rest):
            where = tuple(slice(at, at + length) for at, length in zip(place, cut[1:], strict=True))
            start = (0, first * len(rest) + number, *(0 for _ in cut), 0)
            out = lax.dynamic_update_slice(out, rows[(slice(None), slice(None), *where)][:, None], start)
        return out

    return lax.fori_loop(0, places[0], write, jnp.zeros((len(x), math.prod(places), *cut, x.shape[-1]), x.dtype))


def padded(x: jax.Array, sizes: Sizes) -> jax.Array:
    if not any(itertools.chain(*sizes.padding)):
        return x
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((*pads, 0) for pads in sizes.padding), (0, 0, 0)])
