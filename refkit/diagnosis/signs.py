"""Bugs whose numbers cannot be reproduced, told by what the departing step is made of.

Random numbers, low precision, a parameter that was closed over.
"""

import numpy as np

from refkit.alignment.matching import Alignment
from refkit.diagnosis.blame import same_line
from refkit.tracing.trace import Trace

RANDOM = {"random_bits", "threefry2x32", "rng_bit_generator", "random_gamma"}
ROUNDING = {"round", "floor", "ceil", "sign", "argmax", "argmin"}
LOW_PRECISION = ("bfloat16", "float16", "float8")


def sign_of(alignment: Alignment, unused: list[tuple[int, ...]]) -> str | None:
    """The catalogue's id that the departure shows by itself, or None.

    Args:
        unused: shapes of your parameters that the program never touches.
    """
    trace, node = alignment.yours, alignment.departure
    line = on_the_same_line(alignment, node)
    fixed = [trace.values[p].shape for other in line for p in fixed_before(trace, other)]
    if any(len(shape) > 0 and shape in unused for shape in fixed):
        return "stale-closure"
    if any(draws_random_numbers(alignment, other) for other in line):
        return "dropout-at-evaluation"
    if trace.ops[node] in ROUNDING or any(trace.ops[other] in ROUNDING for other in line):
        return "gradient-stopped"
    if is_low_precision(trace.dtypes[node]) or any(is_low_precision(trace.dtypes[p]) for p in trace.parents[node]):
        return "low-precision-accumulation"
    return None


def fixed_before(trace: Trace, node: int) -> list[int]:
    """The literals that a step's other operands are made of."""
    stack, found, seen = [p for p in trace.parents[node] if not trace.data[p]], [], set()
    while stack:
        other = stack.pop()
        if other not in seen:
            seen.add(other)
            stack += trace.parents[other]
            found += [other] if trace.ops[other] == "literal" else []
    return found


def on_the_same_line(alignment: Alignment, node: int) -> list[int]:
    """The node and what the same line goes on to make of it."""
    trace, found = alignment.yours, [node]
    for other in range(node + 1, len(trace)):
        if same_line(trace.sites[other], trace.sites[node]) and set(trace.parents[other]) & set(found):
            found.append(other)
    return found


def draws_random_numbers(alignment: Alignment, node: int) -> bool:
    """Whether a parent that does not depend on the data comes from random numbers, in evaluation mode."""
    trace = alignment.yours
    fresh = [parent for parent in trace.parents[node] if not trace.data[parent]]
    if not fresh:
        return False
    feeds = trace.ancestors(fresh)
    return any(feeds[k] and trace.ops[k] in RANDOM for k in range(node))


def is_low_precision(dtype) -> bool:
    return dtype is not None and str(np.dtype(dtype) if not hasattr(dtype, "name") else dtype.name).startswith(
        LOW_PRECISION
    )
