"""Elementwise arithmetic, comparison, selection and the functions NumPy has itself."""

import numpy as np

from refkit.tracing.primitives.storage import is_key, key_shape


def unary(function):
    """The rule of a function of one array."""

    def rule(inputs, params, avals, wide):
        return [function(inputs[0])]

    return rule


def binary(function):
    """The rule of a function of two arrays."""

    def rule(inputs, params, avals, wide):
        return [function(inputs[0], inputs[1])]

    return rule


def divide(x, y):
    """Quotient; of integers towards zero, and -1 by zero."""
    if x.dtype.kind not in "iu":
        return np.true_divide(x, y)
    zero = y == 0
    safe = np.where(zero, np.ones_like(y), y)
    quotient = np.floor_divide(x, safe)
    if x.dtype.kind == "i":
        inexact = (quotient * safe != x) & ((x < 0) != (safe < 0))
        quotient = quotient + inexact.astype(x.dtype)
    return np.where(zero, np.asarray(-1).astype(x.dtype), quotient)


def remainder(x, y):
    """What division towards zero leaves, with the sign of `x`; of integers by zero `x` itself."""
    if x.dtype.kind not in "iu":
        return np.fmod(x, y)
    zero = y == 0
    return np.where(zero, x, np.fmod(x, np.where(zero, np.ones_like(y), y)))


def integer_power(x, exponent: int):
    """A power by squaring, as XLA has it."""
    if exponent == 2:
        return np.multiply(x, x)
    if exponent == 0:
        return np.ones_like(x)
    result, base, left = None, x, abs(exponent)
    while left:
        if left & 1:
            result = base if result is None else result * base
        left >>= 1
        if left:
            base = base * base
    return result if exponent > 0 else np.true_divide(1, result).astype(x.dtype, copy=False)


def make_complex(real, imaginary):
    """A complex array of two real ones; no arithmetic, so that infinities stay where they are."""
    shape = np.broadcast_shapes(np.shape(real), np.shape(imaginary))
    result = np.empty(shape, np.complex64 if real.dtype == np.float32 else np.complex128)
    result.real, result.imag = real, imaginary
    return result


def round_half_away(x):
    """The nearest integer, halves away from zero."""
    whole = np.trunc(x)
    return np.where(np.abs(x - whole) >= 0.5, whole + np.copysign(np.ones_like(x), x), whole)


def key_aware(compare, combine):
    """A comparison that takes arrays of keys word by word."""

    def rule(inputs, params, avals, wide):
        result = compare(inputs[0], inputs[1])
        extra = np.ndim(result) - len(avals[0].shape)
        return [combine(result, axis=tuple(range(-extra, 0))) if extra else result]

    return rule


def total_order(x):
    """Integers in the order of IEEE's totalOrder, for floats; anything else as it is."""
    if x.dtype.kind != "f":
        return x
    signed = x.view(np.int32 if x.dtype.itemsize == 4 else np.int64)
    return np.where(signed < 0, np.iinfo(signed.dtype).max ^ signed, signed)


def _round(inputs, params, avals, wide):
    nearest_even = int(params.get("rounding_method", 0)) == 1
    return [np.rint(inputs[0]) if nearest_even else round_half_away(inputs[0])]


def _integer_pow(inputs, params, avals, wide):
    return [integer_power(inputs[0], params["y"])]


def _clamp(inputs, params, avals, wide):
    low, x, high = inputs
    return [np.minimum(np.maximum(x, low), high)]


def _select(inputs, params, avals, wide):
    which, *cases = inputs
    if is_key(avals[0]):
        which = which.reshape(which.shape + (1,) * len(key_shape(avals[0])))
    if len(cases) == 2:
        return [np.where(which, cases[1], cases[0])]
    result = cases[0]
    for number, case in enumerate(cases[1:], 1):
        result = np.where(which == number, case, result)
    return [result]


def _nextafter(inputs, params, avals, wide):
    dtype = avals[0].dtype  # the neighbour in the program's own precision, which float64 would hide
    return [np.nextafter(inputs[0].astype(dtype), inputs[1].astype(dtype))]


RULES = {
    **{
        name: unary(function)
        for name, function in {
            "abs": np.abs,
            "acos": np.arccos,
            "acosh": np.arccosh,
            "asin": np.arcsin,
            "asinh": np.arcsinh,
            "atan": np.arctan,
            "atanh": np.arctanh,
            "cbrt": np.cbrt,
            "ceil": np.ceil,
            "conj": np.conj,
            "cos": np.cos,
            "cosh": np.cosh,
            "exp": np.exp,
            "exp2": np.exp2,
            "expm1": np.expm1,
            "floor": np.floor,
            "imag": np.imag,
            "is_finite": np.isfinite,
            "log": np.log,
            "log1p": np.log1p,
            "neg": np.negative,
            "real": np.real,
            "rsqrt": lambda x: np.true_divide(1, np.sqrt(x)),
            "sign": np.sign,
            "sin": np.sin,
            "sinh": np.sinh,
            "sqrt": np.sqrt,
            "square": np.square,
            "tan": np.tan,
            "tanh": np.tanh,
        }.items()
    },
    **{
        name: binary(function)
        for name, function in {
            "add": np.add,
            "add_any": np.add,
            "atan2": np.arctan2,
            "complex": make_complex,
            "div": divide,
            "eq_to": lambda x, y: np.equal(total_order(x), total_order(y)),
            "ge": np.greater_equal,
            "gt": np.greater,
            "le": np.less_equal,
            "le_to": lambda x, y: np.less_equal(total_order(x), total_order(y)),
            "lt": np.less,
            "lt_to": lambda x, y: np.less(total_order(x), total_order(y)),
            "max": np.maximum,
            "min": np.minimum,
            "mul": np.multiply,
            "pow": np.power,
            "rem": remainder,
            "sub": np.subtract,
        }.items()
    },
    "clamp": _clamp,
    "eq": key_aware(np.equal, np.all),
    "integer_pow": _integer_pow,
    "ne": key_aware(np.not_equal, np.any),
    "nextafter": _nextafter,
    "round": _round,
    "select_n": _select,
}
