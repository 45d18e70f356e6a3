"""What the arguments of a recorded call hold: arrays of examples, loaders of batches, parameters."""

import enum
import inspect
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from flax import linen, nnx

from refkit.adapters.own_training.reaching import is_float
from refkit.adapters.parts.carrying import children

DEPTH = 6


def scaling(array: np.ndarray, handed: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Factor and offset by which an array's first rows become what the model was handed; None where there are none."""
    if array.ndim < 1 or len(array) < len(handed) or array.dtype.kind not in "iuf" or array[0].size != handed[0].size:
        return None
    one, other = (np.asarray(part, np.float64).reshape(len(handed), -1) for part in (array[: len(handed)], handed))
    if np.array_equal(one, other):
        return np.ones(1), np.zeros(1)
    if array.dtype.kind != "f" and handed.dtype.kind != "f":
        return None
    for whole in (True, False):
        x, y = (one.ravel()[:, None], other.ravel()[:, None]) if whole else (one, other)
        spread = ((x - x.mean(axis=0)) ** 2).sum(axis=0)
        factor = ((x - x.mean(axis=0)) * (y - y.mean(axis=0))).sum(axis=0) / np.where(spread > 0, spread, 1)
        factor = np.where((spread > 0) & (factor != 0), factor, 1.0)
        offset = y.mean(axis=0) - factor * x.mean(axis=0)
        if np.allclose(one * factor + offset, other, rtol=1e-4, atol=1e-4 * max(float(np.abs(other).max()), 1e-30)):
            return factor, offset
    return None


def is_identity(found: tuple[np.ndarray, np.ndarray]) -> bool:
    return bool(np.allclose(found[0], 1) and np.allclose(found[1], 0, atol=1e-6))


def is_handed(bound: dict[str, Any], leaves: list[np.ndarray]) -> bool:
    """Whether arguments hold the parameters that the model was called with."""
    modules = [value for value in bound.values() if isinstance(value, nnx.Module)]
    owners = [vars(value) for value in bound.values() if is_own(value)]
    trees = [bound, *(nnx.state(module, nnx.Param) for module in modules), *owners]
    given = [*arrays_in(bound), *(leaf for tree in trees for leaf in jax.tree.leaves(tree) if hasattr(leaf, "shape"))]
    largest = max(leaves, key=lambda leaf: leaf.size, default=None)
    return largest is not None and any(
        np.shape(array) == largest.shape and np.array_equal(np.asarray(array), largest)
        for array in given
        if not (hasattr(array, "dtype") and not is_float(array))
    )


def named_arrays(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays in nested values and in the attributes of objects, each with the name around it."""
    if isinstance(value, (np.ndarray, jax.Array)):
        if not jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            yield name, np.asarray(value) if isinstance(value, jax.Array) else value
    elif depth > DEPTH or isinstance(value, str):
        return
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from named_arrays(part, str(key), depth + 1)
    elif is_loader(value):
        first = next(iter(value), ())
        yield from named_arrays(first, name, depth + 1)
    elif isinstance(value, (list, tuple)):
        for part in value[:50]:
            yield from named_arrays(part, name, depth + 1)
    elif is_own(value):
        for key, part in list(vars(value).items()):
            yield from named_arrays(part, key, depth + 1)


def arrays_in(value: Any) -> list[np.ndarray]:
    return [array for _, array in named_arrays(value)]


def names_in(value: Any, depth: int = 0) -> set[str]:
    """Names of parameters, and of what objects among their values hold."""
    found = set(map(str, value)) if isinstance(value, dict) else set()
    parts = value.values() if isinstance(value, dict) else vars(value).values() if is_own(value) else ()
    if is_own(value):
        found |= set(vars(value))
    return found.union(*(names_in(part, depth + 1) for part in list(parts) if depth < 2))


def is_batches(value: Any) -> bool:
    """Whether a list holds batches."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], (tuple, dict)) and bool(arrays_in(value[0]))


def is_loader(value: Any) -> bool:
    """Whether an object gives batches as often as it is gone through."""
    if isinstance(value, (dict, list, tuple)) or not is_own(value) or children(value) is not None:
        return False
    return any("__iter__" in vars(base) for base in type(value).__mro__)


def is_own(value: Any) -> bool:
    """Whether a value is an object that a program may have made up."""
    library = type(value).__module__.partition(".")[0] in (
        "builtins",
        "flax",
        "jax",
        "jaxlib",
        "numpy",
        "optax",
        "enum",
        "types",
    )
    return (
        not library
        and hasattr(value, "__dict__")
        and not isinstance(value, (type, nnx.Module, linen.Module, enum.Enum))
        and not inspect.isroutine(value)
    )
