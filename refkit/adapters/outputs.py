"""The output among what a model returns: logits out of a tuple, a dict or a dataclass."""

import dataclasses
import re
from typing import Any

import jax
import jax.numpy as jnp

LOGITS = re.compile(
    r"(.*[._])?(logits?|log_?probs?|scores?|outputs?|out|preds?|predictions?|y_?hat|y|probs|probabilities|answer)"
)


@dataclasses.dataclass(frozen=True)
class Output:
    """Which leaf of the returned tree is the output.

    Args:
        index: among the tree's leaves.
        shape: as the user gives it.
        note: what was left out; empty where the model returns one array.
    """

    index: int
    shape: tuple[int, ...]
    note: str = ""

    def of(self, returned: Any) -> jax.Array:
        return jnp.asarray(jax.tree.leaves(returned)[self.index])


def pick(returned: Any, batch: int, outputs: int) -> Output | None:
    """The floating leaf that looks most like the output, or None where there is none.

    Args:
        returned: tree of shapes, as `jax.eval_shape` gives it.
        outputs: how many the reference has for each example.
    """
    leaves = jax.tree_util.tree_flatten_with_path(returned)[0]
    floating = [
        (index, jax.tree_util.keystr(path, simple=True, separator="."), leaf)
        for index, (path, leaf) in enumerate(leaves)
        if hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)
    ]
    if not floating:
        return None

    def rank(entry) -> tuple:
        _, name, leaf = entry
        return (
            not (leaf.ndim and leaf.shape[0] == batch),
            not LOGITS.fullmatch(name.lower()),
            not (leaf.ndim > 1 and leaf.shape[-1] == outputs),
        )

    index, name, leaf = min(floating, key=rank)
    note = f"of what the model returns, `{name}` is taken as its output" if len(leaves) > 1 else ""
    return Output(index, tuple(leaf.shape), note)
