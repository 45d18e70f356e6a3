"""The arguments of a recorded call: by name, and what each of them is."""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from refkit.adapters.own_training.calls import Call
from refkit.adapters.parts.carrying import is_holder, subtree
from refkit.adapters.parts.train_step import is_key

REST = "arguments"


def is_loss(value: Any) -> bool:
    return getattr(value, "shape", None) == () and jnp.issubdtype(value.dtype, jnp.floating)


def names_of(call: Call) -> list[str]:
    """Names of the positional parameters."""
    try:
        found = inspect.signature(call.function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in found if parameter.kind in kinds]


def by_name(call: Call, deep: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments by name; and the objects whose attributes are among them.

    Args:
        deep: whether the attributes of the user's own objects stand for these.
    """
    names, values, holders = names_of(call), {}, {}
    given = [(names[k] if k < len(names) else f"{REST}[{k}]", value) for k, value in enumerate(call.positional)]
    for name, value in [*given, *call.named.items()]:
        if deep and is_holder(value):
            holders[name] = value
            values |= {f"{name}.{attribute}": part for attribute, part in vars(value).items()}
        else:
            values[name] = value
    return values, holders


def found_in(value: Any, like: Any) -> tuple[tuple[int, ...], Any] | None:
    """The part of a tree that is built as `like` is, if need be of other sizes."""
    for sized in (True, False):
        try:
            found = subtree(value, like, sized)
        except (TypeError, ValueError, KeyError):
            found = None
        if found is not None:
            return found
    return None


def zeros(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), tree)


def shapes(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), tree)


def modules_of(value: Any, cls: type | None) -> list[nnx.Module]:
    """The models among objects of NNX."""
    if isinstance(value, (tuple, list)):
        return [thing for part in value for thing in modules_of(part, cls)]
    if isinstance(value, nnx.Module):
        return [value] if cls is None or isinstance(value, cls) else []
    return modules_of(getattr(value, "model", None), cls) if isinstance(value, nnx.Optimizer) else []


def is_data(leaf: Any) -> bool:
    """Whether a leaf is an array of numbers that JAX can take as an input."""
    return (
        isinstance(leaf, (np.ndarray, jax.Array)) and leaf.ndim > 0 and leaf.dtype.kind in "fiub" and not is_key(leaf)
    )


def like_key(key: jax.Array, recorded: Any) -> jax.Array:
    """A key of the kind that was recorded, and as many of them."""
    typed_keys = jax.dtypes.issubdtype(recorded.dtype, jax.dtypes.prng_key)
    count = recorded.shape if typed_keys else recorded.shape[:-1]
    key = jax.random.split(key, count) if count else key
    return key if typed_keys else jax.random.key_data(key)
