"""The one home of what counts as equal."""

RELATIVE = (
    2e-6  # of the value's own largest magnitude: float32 constants in the text (1/255, an epsilon) differ by 1e-7
)
NARROW = 1e-4  # values that went through float32 on the way


def allowed(largest: float, narrow: bool = False) -> float:
    """The largest absolute difference that still counts as equal."""
    return (NARROW if narrow else RELATIVE) * largest
