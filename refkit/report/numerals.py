"""How values are written in a report: `f32[7,10,10,16], 0 to 2.31`."""

import re

from refkit.report.finding import Side


def short_type(dtype: str, shape: tuple[int, ...]) -> str:
    """Dtype and shape as XLA writes them.

    >>> short_type("float32", (7, 10, 10, 16)), short_type("int32", ()), short_type("bfloat16", (3,))
    ('f32[7,10,10,16]', 'i32[]', 'bf16[3]')
    """
    letters = re.sub(r"^(float|uint|int|complex)(?=\d)", lambda kind: kind[1][0], dtype).replace("bfloat", "bf")
    return f"{letters}[{','.join(map(str, shape))}]"


def short_number(value: float) -> str:
    """Three significant digits: what stays the same from one machine to the next.

    >>> short_number(0.333333), short_number(2.0), short_number(float("nan"))
    ('0.333', '2', 'nan')
    """
    return f"{value + 0.0:.3g}"


def describe(side: Side) -> str:
    """Type and range.

    >>> describe(Side("float32", (7, 10), 0.0, 2.5)), describe(Side("float32", (), 2.5, 2.5))
    ('f32[7,10], 0 to 2.5', 'f32[], 2.5')
    >>> describe(Side("int32", (7,)))
    'i32[7]'
    """
    words = short_type(side.dtype, side.shape)
    if side.min is None or side.max is None:
        return words
    low, high = short_number(side.min), short_number(side.max)
    return f"{words}, {low}" if low == high else f"{words}, {low} to {high}"
