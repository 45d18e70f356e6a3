"""What a train step carries from one call to the next, as a tree of arrays and what is no array."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx


@jax.tree_util.register_pytree_node_class
@dataclasses.dataclass
class Carried:
    """Values by name, NNX objects split into their graph and state.

    Args:
        arrays: leaves that are arrays, by name of the value.
        state: of all NNX objects together, or None where there are none.
        fixed: everything else: structures, leaves that are no arrays, the graph.
    """

    arrays: dict[str, list[jax.Array]]
    state: Any
    fixed: "Fixed"

    def tree_flatten(self):
        return (self.arrays, self.state), self.fixed

    @classmethod
    def tree_unflatten(cls, fixed, children):
        return cls(*children, fixed)


@dataclasses.dataclass(eq=False)
class Fixed:
    """What of the carried values is no array. Two are never unequal: trees of two steps go together."""

    graph: Any
    objects: tuple[str, ...]
    trees: dict[str, tuple[Any, list[Any]]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed)

    def __hash__(self) -> int:
        return 0


def pack(values: dict[str, Any]) -> Carried:
    """Values by name to a tree of arrays."""
    objects = {name: value for name, value in values.items() if has_objects(value)}
    arrays: dict[str, list[jax.Array]] = {}
    trees: dict[str, tuple[Any, list[Any]]] = {}
    for name, value in values.items():
        if name in objects:
            continue
        leaves, structure = jax.tree.flatten(value)
        arrays[name] = [jnp.asarray(leaf) for leaf in leaves if is_number(leaf)]
        trees[name] = (structure, [ARRAY if is_number(leaf) else leaf for leaf in leaves])
    graph, state = nnx.split(tuple(objects.values())) if objects else (None, None)
    return Carried(arrays, state, Fixed(graph, tuple(objects), trees))


def unpack(carried: Carried) -> dict[str, Any]:
    """The values again, NNX objects new ones."""
    values: dict[str, Any] = {}
    for name, (structure, leaves) in carried.fixed.trees.items():
        arrays = iter(carried.arrays[name])
        values[name] = jax.tree.unflatten(structure, [next(arrays) if leaf is ARRAY else leaf for leaf in leaves])
    if carried.fixed.objects:
        values |= zip(carried.fixed.objects, nnx.merge(carried.fixed.graph, carried.state), strict=True)
    return values


ARRAY = object()
OBJECTS = (nnx.Module, nnx.Optimizer, nnx.Metric, nnx.Rngs)


def has_objects(value: Any) -> bool:
    """Whether a value is, or holds, a module, an optimizer or a metric of NNX."""
    if isinstance(value, OBJECTS):
        return True
    return isinstance(value, (tuple, list)) and any(has_objects(entry) for entry in value)


def is_holder(value: Any) -> bool:
    """Whether a value is an object of the user's own that keeps its state in attributes."""
    if has_objects(value) or not hasattr(value, "__dict__") or isinstance(value, (type, nnx.Module)) or callable(value):
        return False
    return jax.tree.structure(value) == jax.tree.structure(0) and not hasattr(value, "dtype")


def is_number(leaf: Any) -> bool:
    """Whether a leaf is an array or a number that JAX would trace; a flag is not."""
    return isinstance(leaf, (jax.Array, np.ndarray, np.number)) or (
        isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
    )


def children(value: Any) -> tuple[list[Any], Any] | None:
    """The parts of a tree's node, one level down, and how to put others in their place; None for a leaf."""
    leaves, structure = jax.tree.flatten(value, is_leaf=lambda node: node is not value)
    return None if len(leaves) == 1 and leaves[0] is value else (leaves, structure)


def shapes_of(value: Any, sized: bool = True) -> list[tuple]:
    return [
        (tuple(leaf.shape) if sized else len(leaf.shape), str(leaf.dtype)) if hasattr(leaf, "shape") else type(leaf)
        for leaf in jax.tree.leaves(value)
    ]


def subtrees(value: Any, like: Any, sized: bool = True) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Parts of a tree that are built as `like` is, those nearest the root first.

    Args:
        sized: whether their arrays are of the same sizes, too.

    Yields:
        the places to go down by, and the part.
    """
    wanted, leaves = jax.tree.structure(like), shapes_of(like, sized)
    level: list[tuple[tuple[int, ...], Any]] = [((), value)]
    while level:
        below: list[tuple[tuple[int, ...], Any]] = []
        for place, node in level:
            if same_build(node, wanted, leaves, sized):
                yield place, node
                continue
            parts = children(node)
            if parts is not None:
                below += [((*place, number), part) for number, part in enumerate(parts[0])]
        level = below


def subtree(value: Any, like: Any, sized: bool = True) -> tuple[tuple[int, ...], Any] | None:
    """The part of a tree that is built as `like` is: one called after parameters or statistics, else the nearest."""
    found = list(subtrees(value, like, sized))
    said = [entry for entry in found if entry[0] and OURS.fullmatch(name_at(value, entry[0]))]
    return next(iter(said or found), None)


OURS = re.compile(r"(.*_)?(params?|parameters|weights|variables|model|net|batch_stats|stats|statistics)")


def name_at(value: Any, path: tuple[int, ...]) -> str:
    """The name under which a node keeps the part at a place; empty where it has none."""
    node = at(value, path[:-1])
    entries = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)[0]
    return jax.tree_util.keystr(entries[path[-1]][0], simple=True, separator=".").lower()


def same_build(node: Any, wanted: Any, leaves: list[tuple], sized: bool) -> bool:
    found = jax.tree.leaves(node)
    if len(found) != len(leaves) or not found or shapes_of(node, sized) != leaves:
        return False
    return jax.tree.structure(node) == wanted or plain(node) == plain(jax.tree.unflatten(wanted, found))


def plain(node: Any) -> Any:
    """A structure in which a tuple is a list and every mapping a dict."""
    parts = children(node)
    if parts is None:
        return None
    keys = sorted(map(str, node)) if isinstance(node, Mapping) else None
    return keys, [plain(part) for part in parts[0]]


def at(value: Any, path: tuple[int, ...]) -> Any:
    for number in path:
        value = children(value)[0][number]
    return value


def replaced(value: Any, path: tuple[int, ...], part: Any) -> Any:
    """The tree with another part at a place."""
    if not path:
        return part
    leaves, structure = children(value)
    leaves[path[0]] = replaced(leaves[path[0]], path[1:], part)
    return jax.tree.unflatten(structure, leaves)
