"""Changes of dtype: by value, by bits, and to fewer bits."""

import numpy as np

from refkit.tracing.primitives.storage import is_floating, is_key, stored


def to_integer(x, dtype):
    """Floats as integers: towards zero, held at the ends of the range, NaN as zero, as XLA has it."""
    info = np.iinfo(dtype)
    x = x.astype(np.float64, copy=False)
    low, high = float(info.min), float(info.max)
    result = x.astype(dtype)
    if x.size and not (x.min() >= low and x.max() < high):
        result = np.where(x >= high, info.max, np.where(x <= low, info.min, result)).astype(dtype)
        result = np.where(np.isnan(x), dtype.type(0), result)
    return result


def _convert(inputs, params, avals, wide):
    (x,), (aval,) = inputs, avals
    if is_key(aval):
        return [x]
    dtype = aval.dtype
    if dtype.kind == "b":
        return [x != 0]
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    if x.dtype.kind == "f" and dtype.kind in "iu":
        return [to_integer(x, dtype)]
    return [x]


def _bitcast(inputs, params, avals, wide):
    (x,), (aval,) = inputs, avals
    target = aval.dtype
    if x.dtype.kind == "f":  # the bits are those of the program's own dtype, whatever it is held in
        bits = 8 * target.itemsize
        bits = bits * aval.shape[-1] if len(aval.shape) > x.ndim else bits
        bits = bits // x.shape[-1] if len(aval.shape) < x.ndim else bits
        own = target if is_floating(target) and 8 * target.itemsize == bits else np.dtype(f"f{bits // 8}")
        x = x.astype(own)
    x = np.ascontiguousarray(x)
    if len(aval.shape) > x.ndim:
        x = x[..., None]
    return [x.view(target).reshape(aval.shape)]


def reduce_precision(x, exponent_bits: int, mantissa_bits: int):
    """The nearest values that this many bits of exponent and mantissa can hold; what is too large becomes infinite."""
    x = np.asarray(x)
    mantissa, exponent = np.frexp(x.astype(np.float64))
    top = 2 ** (exponent_bits - 1)
    rounded = np.ldexp(np.rint(np.ldexp(mantissa, mantissa_bits + 1)), exponent - mantissa_bits - 1)
    largest = np.ldexp(2.0 - 2.0**-mantissa_bits, top - 1)
    smallest = np.ldexp(1.0, 2 - top)
    rounded = np.where(np.abs(rounded) > largest, np.copysign(np.inf, rounded), rounded)
    rounded = np.where(np.abs(rounded) < smallest, np.copysign(0.0, rounded), rounded)
    return np.where(np.isfinite(x), rounded, x).astype(x.dtype)


def _reduce_precision(inputs, params, avals, wide):
    import ml_dtypes

    own = ml_dtypes.finfo(avals[0].dtype)
    exponent_bits, mantissa_bits = params["exponent_bits"], params["mantissa_bits"]
    if exponent_bits >= own.bits - own.nmant - 1 and mantissa_bits >= own.nmant:
        return [inputs[0]]  # nothing the program's own dtype would lose, as jax.checkpoint writes it
    return [reduce_precision(inputs[0], exponent_bits, mantissa_bits)]


def _same(inputs, params, avals, wide):
    return [stored(inputs[0], avals[0], wide)]


RULES = {
    "bitcast_convert_type": _bitcast,
    "convert_element_type": _convert,
    "from_edtype": _same,
    "reduce_precision": _reduce_precision,
    "to_edtype": _same,
}
