"""The form in which values are held while a jaxpr is evaluated."""

from collections.abc import Callable
from functools import lru_cache

import ml_dtypes
import numpy as np

Rule = Callable[[list, dict, list, bool], list]

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
COMPLEX64, COMPLEX128 = np.dtype(np.complex64), np.dtype(np.complex128)


def is_key(aval) -> bool:
    """Whether an aval is an array of typed random keys."""
    return not isinstance(aval.dtype, np.dtype)


def key_shape(aval) -> tuple[int, ...]:
    """The trailing axes that the words of a key take up; empty for an ordinary array."""
    return () if isinstance(aval.dtype, np.dtype) else tuple(aval.dtype._impl.key_shape)


@lru_cache(maxsize=None)
def is_floating(dtype: np.dtype) -> bool:
    """Whether a dtype is a real floating one, the low-precision ones of ml_dtypes included."""
    if dtype.kind != "V":
        return dtype.kind == "f"
    try:
        ml_dtypes.finfo(dtype)
    except (TypeError, ValueError):
        return False
    return True


@lru_cache(maxsize=None)
def storage(dtype, wide: bool) -> tuple[np.dtype, np.dtype | None]:
    """The dtype in which values of `dtype` are held, and the dtype they are rounded to first if it is a lower one."""
    if not isinstance(dtype, np.dtype):
        return np.dtype(np.uint32), None
    if dtype.names is not None:  # float0, the tangent of an integer
        return np.dtype(bool), None
    if dtype.kind == "c":
        return (COMPLEX128 if wide else dtype), None
    if not is_floating(dtype):
        return dtype, None
    if dtype == FLOAT64:
        return FLOAT64, None
    return (FLOAT64 if wide else FLOAT32), (None if dtype == FLOAT32 else dtype)


def stored(value, aval, wide: bool) -> np.ndarray:
    """A value in the form in which it is held: cast to its stored dtype, rounded where its aval is of low precision.

    Args:
        value: an array, a scalar, or an array of typed keys.
        aval: what the jaxpr says of it; only the dtype is read.
        wide: whether floats are held in float64.

    Returns:
        The array; the same object where nothing had to change.

    Example:
        >>> import jax, numpy as np
        >>> stored(1.005859375, jax.core.ShapedArray((), jax.numpy.bfloat16), wide=True).item()
        1.0078125
    """
    target, rounding = storage(aval.dtype, wide)
    if type(value) is not np.ndarray:
        if hasattr(value, "_base_array"):
            import jax

            value = jax.random.key_data(value)
        value = np.asarray(value)
    if value.dtype.names is not None:
        return np.zeros(value.shape, bool)
    if rounding is not None:
        value = value.astype(rounding)
    return value if value.dtype == target else value.astype(target)


def packed(keys: np.ndarray, aval) -> np.ndarray:
    """Key words as one opaque element a key, so that indexing need not know of the trailing axes."""
    words = key_shape(aval)
    if not words:
        return keys
    size = int(np.prod(words))
    flat = np.ascontiguousarray(keys).reshape(*keys.shape[: keys.ndim - len(words)], size)
    return flat.view(np.dtype((np.void, 4 * size)))[..., 0]


def unpacked(keys: np.ndarray, aval) -> np.ndarray:
    """The words of packed keys."""
    words = key_shape(aval)
    if not words:
        return keys
    return np.ascontiguousarray(keys)[..., None].view(np.uint32).reshape(*keys.shape, *words)
