"""Logic on booleans and on the bits of integers."""

import numpy as np

from refkit.tracing.primitives.arithmetic import binary, unary


def unsigned(x):
    """The same bits, read as an unsigned integer."""
    return x if x.dtype.kind == "u" else x.view(np.dtype(f"u{x.dtype.itemsize}"))


def _shift_left(x, count):
    width = 8 * x.dtype.itemsize
    count = unsigned(count)
    return np.where(count < width, np.left_shift(x, np.minimum(count, width - 1).astype(x.dtype)), x.dtype.type(0))


def _shift_right_logical(x, count):
    width = 8 * x.dtype.itemsize
    bits, count = unsigned(x), unsigned(count)
    shifted = np.right_shift(bits, np.minimum(count, width - 1).astype(bits.dtype))
    return np.where(count < width, shifted, bits.dtype.type(0)).view(x.dtype)


def _shift_right_arithmetic(x, count):
    width = 8 * x.dtype.itemsize
    signed = x.view(np.dtype(f"i{x.dtype.itemsize}"))
    return np.right_shift(signed, np.minimum(unsigned(count), width - 1).astype(signed.dtype)).view(x.dtype)


def _count_leading_zeros(x):
    width = 8 * x.dtype.itemsize
    bits = unsigned(x)
    for step in (1, 2, 4, 8, 16, 32):
        if step < width:
            bits = bits | (bits >> bits.dtype.type(step))
    return (width - np.bitwise_count(bits)).astype(x.dtype)


def _multiply_high(x, y):
    if x.dtype.itemsize < 8:
        wide = np.int64 if x.dtype.kind == "i" else np.uint64
        return (x.astype(wide) * y.astype(wide) >> np.asarray(8 * x.dtype.itemsize, wide)).astype(x.dtype)
    product = x.astype(object) * y.astype(object)
    return np.asarray(product >> 64).astype(x.dtype)


RULES = {
    "and": binary(np.bitwise_and),
    "clz": unary(_count_leading_zeros),
    "mulhi": binary(_multiply_high),
    "not": unary(np.invert),
    "or": binary(np.bitwise_or),
    "population_count": unary(lambda x: np.bitwise_count(unsigned(x)).astype(x.dtype)),
    "shift_left": binary(_shift_left),
    "shift_right_arithmetic": binary(_shift_right_arithmetic),
    "shift_right_logical": binary(_shift_right_logical),
    "xor": binary(np.bitwise_xor),
}
