"""Random keys and bits: Threefry in NumPy, word for word as JAX has it; other generators through JAX."""

from functools import partial
from math import prod

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)
THREEFRY = "threefry2x32"


def threefry(first, second, x, y) -> tuple[np.ndarray, np.ndarray]:
    """The Threefry 2x32 hash of two counter words under two key words, all uint32 and broadcast together."""
    keys = (first, second, first ^ second ^ PARITY)
    shape = np.broadcast_shapes(np.shape(first), np.shape(second), np.shape(x), np.shape(y))
    x, y = np.broadcast_to(x + keys[0], shape).copy(), np.broadcast_to(y + keys[1], shape).copy()
    low, high = np.empty(shape, np.uint32), np.empty(shape, np.uint32)
    for step in range(5):
        for rotation in ROTATIONS[step % 2]:
            np.add(x, y, out=x)
            np.left_shift(y, np.uint32(rotation), out=low)
            np.right_shift(y, np.uint32(32 - rotation), out=high)
            np.bitwise_or(low, high, out=y)
            np.bitwise_xor(x, y, out=y)
        np.add(x, keys[(step + 1) % 3], out=x)
        np.add(y, keys[(step + 2) % 3] + np.uint32(step + 1), out=y)
    return x, y


def counters(shape) -> tuple[np.ndarray, np.ndarray]:
    """The high and the low words of 0, 1, 2, … in an array of `shape`."""
    count = np.arange(prod(shape), dtype=np.uint64).reshape(shape)
    return (count >> np.uint64(32)).astype(np.uint32), count.astype(np.uint32)


def hash_counts(key, counts: np.ndarray) -> np.ndarray:
    """One key's hash of a flat array of counts, its two halves paired, as the older streams have it."""
    padded = np.append(counts, np.zeros(len(counts) % 2, np.uint32))
    half = len(padded) // 2
    return np.concatenate(threefry(key[0], key[1], padded[:half], padded[half:]))[: len(counts)]


def partitionable() -> bool:
    """Whether JAX is set to the streams in which every element has its own counter (the default)."""
    import jax

    return bool(jax.config.jax_threefry_partitionable)


def spread(keys: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """The two words of an array of keys, with room for `rank` more axes."""
    words = keys.reshape(*keys.shape[:-1], *(1,) * rank, 2)
    return words[..., 0], words[..., 1]


def threefry_split(keys: np.ndarray, shape) -> np.ndarray:
    """New keys, `shape` of them for each."""
    if partitionable():
        return np.stack(threefry(*spread(keys, len(shape)), *counters(shape)), axis=-1)
    counts = np.arange(2 * prod(shape), dtype=np.uint32)
    drawn = [hash_counts(key, counts) for key in keys.reshape(-1, 2)]
    return np.reshape(drawn, (*keys.shape[:-1], *shape, 2)).astype(np.uint32)


def threefry_bits(keys: np.ndarray, width: int, shape) -> np.ndarray:
    """Random bits in an array of `shape` for each key."""
    dtype = np.dtype(f"uint{width}")
    if partitionable():
        high, low = threefry(*spread(keys, len(shape)), *counters(shape))
        if width == 64:
            return high.astype(dtype) << np.uint64(32) | low
        return (high ^ low).astype(dtype)
    size = prod(shape)
    counts = np.arange(-(-width * size // 32), dtype=np.uint32)
    drawn = [hash_counts(key, counts) for key in keys.reshape(-1, 2)]
    if width == 64:
        halves = [np.split(bits.astype(dtype), 2) for bits in drawn]
        drawn = [high << np.uint64(32) | low for high, low in halves]
    elif width < 32:
        drawn = [bits.astype("<u4").view(dtype)[:size] for bits in drawn]
    return np.reshape(drawn, (*keys.shape[:-1], *shape)).astype(dtype)


def _seed(inputs, params, avals, wide):
    (seed,), impl = inputs, params["impl"]
    if impl.name != THREEFRY:
        return [_by_jax(lambda jax, seeds: jax.random.key(seeds, impl=impl.name), seed)]
    bits = seed.view(f"u{seed.dtype.itemsize}").astype(np.uint64)
    return [np.stack([(bits >> np.uint64(32)).astype(np.uint32), bits.astype(np.uint32)], axis=-1)]


def _by_jax(function, *arguments, keys=None, impl=None):
    """What JAX makes of arrays of keys (given by their words) and other arguments, one key after the other."""
    import jax

    call = partial(function, jax)
    if keys is not None:
        arguments = (jax.random.wrap_key_data(keys, impl=impl), *arguments)
    for _ in range(np.ndim(arguments[0])):
        call = jax.vmap(call, in_axes=tuple(0 if np.ndim(x) else None for x in arguments))
    result = call(*arguments)
    return np.asarray(
        jax.random.key_data(result) if jax.dtypes.issubdtype(result.dtype, jax.dtypes.prng_key) else result
    )


def _split(inputs, params, avals, wide):
    (keys,), impl, shape = inputs, avals[0].dtype._impl, params["shape"]
    if impl.name != THREEFRY:
        return [_by_jax(lambda jax, key: jax.random.split(key, shape), keys=keys, impl=impl.name)]
    return [threefry_split(keys, shape)]


def _fold_in(inputs, params, avals, wide):
    (keys, data), impl = inputs, avals[0].dtype._impl
    if impl.name != THREEFRY:
        shape = avals[0].shape
        keys = np.broadcast_to(keys, (*shape, *keys.shape[-len(impl.key_shape) :]))
        data = np.broadcast_to(data, shape)
        return [_by_jax(lambda jax, key, x: jax.random.fold_in(key, x), data, keys=keys, impl=impl.name)]
    words = data.astype(np.uint32)
    return [np.stack(threefry(keys[..., 0], keys[..., 1], np.zeros_like(words), words), axis=-1)]


def _bits(inputs, params, avals, wide):
    keys, width, shape = inputs[0], params["bit_width"], params["shape"]
    if keys.shape[-1] == 2:
        return [threefry_bits(keys, width, shape)]
    return [_by_jax(lambda jax, key: jax.random.bits(key, shape, f"uint{width}"), keys=keys, impl="rbg")]


def _threefry(inputs, params, avals, wide):
    return list(threefry(*inputs))


def _gamma(inputs, params, avals, wide):
    import jax

    keys, shape_parameter = inputs
    draw = jax.random.loggamma if params["log_space"] else jax.random.gamma
    impl = THREEFRY if keys.shape[-1] == 2 else "rbg"
    shape_parameter = shape_parameter.astype(avals[0].dtype)
    call = partial(draw, shape=shape_parameter.shape[keys.ndim - 1 :], dtype=shape_parameter.dtype)
    for _ in range(keys.ndim - 1):
        call = jax.vmap(call)
    return [np.asarray(call(jax.random.wrap_key_data(keys, impl=impl), shape_parameter))]


def _bit_generator(inputs, params, avals, wide):
    import jax

    made = jax.lax.rng_bit_generator(inputs[0], params["shape"], dtype=params["dtype"], algorithm=params["algorithm"])
    return [np.asarray(x) for x in made]


def _same(inputs, params, avals, wide):
    return list(inputs)


def _counters(inputs, params, avals, wide):
    return list(counters(params["shape"]))


RULES = {
    "iota_2x32_shape": _counters,
    "random_bits": _bits,
    "random_clone": _same,
    "random_fold_in": _fold_in,
    "random_gamma": _gamma,
    "random_seed": _seed,
    "random_split": _split,
    "random_unwrap": _same,
    "random_wrap": _same,
    "rng_bit_generator": _bit_generator,
    "threefry2x32": _threefry,
}
