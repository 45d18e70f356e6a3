"""How a parameter of yours is made of the reference's: rearranged, joined, offset."""

import dataclasses
import functools
import itertools

import numpy as np

from refkit.alignment.layout import merging_orders

Values = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Bundle:
    """Parameters of the reference put together to one array with fine axes.

    Args:
        blocks: rows from top to bottom; each block is a list of gates' parameter paths and the fine row axes.
            A block's array is `[gate, *rows, columns]`, or without the gate axis where there is one gate.
        columns: whether the parameters have an axis besides the rows (kernels), or none (biases).
    """

    blocks: tuple["Block", ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for block in self.blocks for path in block.paths)


@dataclasses.dataclass(frozen=True)
class Block:
    """One or several gates' parameters of equal shape, with their fine axes."""

    paths: tuple[str, ...]
    axes: tuple[int, ...]
    start: int = 0
    stop: int | None = None

    def array(self, values: Values, order: tuple[int, ...]) -> np.ndarray:
        gates = [values[self.paths[k]] for k in (order if len(order) == len(self.paths) else range(len(self.paths)))]
        gates = [gate if self.stop is None else gate[self.start : self.stop] for gate in gates]
        return np.stack([gate.reshape(self.axes) for gate in gates])


@dataclasses.dataclass(frozen=True)
class Expression:
    """One parameter of yours in terms of the reference's.

    Args:
        bundle: the reference's parameters in it.
        orders: for each block, the order of its fine axes (row axes only) before they are merged to rows.
        blocks: the order of the blocks from top to bottom.
        order: the order of the axes `(gate, rows..., columns)` before they are merged to `shape`.
        shape: shape of your parameter.
        gates: order of the gates: your k-th gate is the reference's `gates[k]`; empty for their own order.
        offset: what is taken off, where two biases of yours add up to one.
    """

    bundle: Bundle
    order: tuple[int, ...]
    shape: tuple[int, ...]
    gates: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()
    offset: int = 0

    def value(self, values: Values) -> np.ndarray:
        whole = self.gradient(values)
        return whole - self.noise() if self.offset else whole

    def noise(self) -> np.ndarray:
        return np.random.default_rng(self.offset).normal(size=self.shape) * 0.3

    def gradient(self, values: Values) -> np.ndarray:
        """The same rearrangement of the reference's gradients: what your gradient has to be."""
        blocks = [block.array(values, self.gates) for block in self.bundle.blocks]
        if len(blocks) == 1:
            return blocks[0].transpose(self.order).reshape(self.shape)
        joined = []
        for k in self.blocks:
            block = blocks[k]
            row_axes = self.rows[k]
            turned = block.transpose((0, *(1 + axis for axis in row_axes), block.ndim - 1))
            joined.append(turned.reshape(block.shape[0], -1, block.shape[-1]))
        return np.concatenate(joined, axis=1).transpose(self.order).reshape(self.shape)


@functools.lru_cache(maxsize=16)
def drawn_values(shape: tuple[int, ...], seed: int, positive: bool) -> np.ndarray:
    """Random numbers, kept since a search asks for the same again and again; nobody may write into them."""
    drawn = np.random.default_rng(seed).normal(size=shape) * 0.3
    drawn = np.abs(drawn) + 0.5 if positive else drawn
    drawn.flags.writeable = False
    return drawn


@dataclasses.dataclass(frozen=True)
class Free:
    """A parameter of yours that answers to none of the reference's: random."""

    shape: tuple[int, ...]
    seed: int
    positive: bool = False

    def value(self, values: Values) -> np.ndarray:
        return drawn_values(self.shape, self.seed, self.positive)


@dataclasses.dataclass(frozen=True)
class Complement:
    """The second of two biases of yours that add up to one of the reference's."""

    first: Expression

    @property
    def bundle(self) -> Bundle:
        return self.first.bundle

    def value(self, values: Values) -> np.ndarray:
        return self.first.noise()

    def gradient(self, values: Values) -> np.ndarray:
        return self.first.gradient(values)


def expressions(bundle: Bundle, shape: tuple[int, ...]) -> list[Expression]:
    """Every way to lay `bundle` out as an array of `shape`, gates in the reference's order; the plainest first."""
    blocks = bundle.blocks
    if len(blocks) == 1:
        axes = (len(blocks[0].paths), *blocks[0].axes)
        orders = fitting_orders(axes, shape)
        return [Expression(bundle, order, shape) for order in orders if upright(order, axes)]
    found = []
    columns = blocks[0].axes[-1]
    rows = sum(int(np.prod(block.axes[:-1])) for block in blocks)
    for order in fitting_orders((len(blocks[0].paths), rows, columns), shape):
        for arrangement in itertools.permutations(range(len(blocks))):
            for row_axes in itertools.product(*(row_orders(block) for block in blocks)):
                found.append(Expression(bundle, order, shape, blocks=arrangement, rows=row_axes))
    return sorted(found, key=lambda e: (e.blocks != tuple(range(len(blocks))),))


PICTURE_AXES = 4  # height and width first: a convolution's kernel, or the rows behind a flattened picture


def upright(order: tuple[int, ...], axes: tuple[int, ...]) -> bool:
    """Whether height stays before width: no framework lays pictures out the other way, and a transposed one is a bug.

    Args:
        order: of `axes`.
        axes: their sizes, the gate's first; a picture that is one wide or high lies no other way in either order.
    """
    return len(axes) != 1 + PICTURE_AXES or 1 in axes[1:3] or order.index(1) < order.index(2)


def row_orders(block: Block) -> list[tuple[int, ...]]:
    """Orders of a block's row axes."""
    orders = itertools.permutations(range(len(block.axes) - 1))
    return [order for order in orders if len(block.axes) != PICTURE_AXES or order.index(0) < order.index(1)]


def fitting_orders(axes: tuple[int, ...], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Orders of `axes` whose neighbours merge to `shape`; axes of size one go where they were."""
    wide = [k for k, size in enumerate(axes) if size != 1]
    narrow = [k for k, size in enumerate(axes) if size == 1]
    target = tuple(size for size in shape if size != 1)
    orders = merging_orders(tuple(axes[k] for k in wide), target)
    return [(*narrow, *(wide[k] for k in order)) for order in orders]
