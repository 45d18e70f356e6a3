"""A model's leaves sorted into parameters, statistics and constants, and put back."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

GROUPS = ("parameters", "statistics", "constants")


@dataclasses.dataclass
class Split:
    """Where every leaf of a tree went, so that the tree can be put together again.

    Args:
        structure: of the whole tree.
        groups: for each leaf its group, or None where it is no array and is kept in `fixed`.
        fixed: leaves that are no arrays: names, sizes, functions.
    """

    structure: Any
    groups: list[str | None]
    fixed: list[Any]

    def join(self, tree: dict[str, Any]) -> Any:
        leaves = {group: iter(jax.tree.leaves(tree.get(group))) for group in GROUPS}
        filled = [
            fixed if group is None else next(leaves[group])
            for group, fixed in zip(self.groups, self.fixed, strict=True)
        ]
        return jax.tree.unflatten(self.structure, filled)


def split(tree: Any, group_of) -> tuple[dict[str, Any], Split]:
    """The groups, each a tree like the whole with None for the leaves of the others, and the way back.

    Args:
        group_of: names the group of a leaf from its path (as text) and value.
    """
    paths, structure = jax.tree_util.tree_flatten_with_path(tree)
    groups, fixed = [], []
    for path, leaf in paths:
        static = not is_array(leaf)
        groups.append(None if static else group_of(jax.tree_util.keystr(path, simple=True, separator="."), leaf))
        fixed.append(leaf if static else None)
    parts = {}
    for group in GROUPS:
        if group in groups:
            chosen = [
                jnp.asarray(leaf) if mine == group else None for mine, (_, leaf) in zip(groups, paths, strict=True)
            ]
            parts[group] = jax.tree.unflatten(structure, chosen)
    return parts, Split(structure, groups, fixed)


def is_array(leaf: Any) -> bool:
    return isinstance(leaf, (jax.Array, np.ndarray, np.generic))


def nest(paths: list[tuple[Any, ...]], leaves: list[Any]) -> dict:
    """Leaves under their paths as dicts of dicts."""
    tree: dict = {}
    for path, leaf in zip(paths, leaves, strict=True):
        here = tree
        for name in path[:-1]:
            here = here.setdefault(name, {})
        here[path[-1]] = leaf
    return tree


def look_up(tree: dict, path: tuple[Any, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree
