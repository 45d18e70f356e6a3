"""Adam's epsilon beside the root of the second moment, to which it is added."""

import ast

import numpy as np

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.rate_places import EPSILON, named_numbers
from refkit.diagnosis.steps.text import StepText
from refkit.tracing.trace import Trace

LARGEST = 1e-2  # no choice goes beyond: 1e-8 to 1e-3 is usual
OUTWEIGHS = 10.0  # times the root of nine in ten numbers
UNDERFLOWS = float(np.finfo(np.float32).tiny)


def epsilon_fault(trace: Trace) -> tuple[Fault, float] | None:
    """An epsilon that outweighs the root, or that is nothing in float32 where the root is 0; and its value.

    Args:
        trace: of a step from the program's own initial parameters.
    """
    found = {}
    for node, op in enumerate(trace.ops):
        if op == "add" and np.ndim(trace.values[node]) > 1:
            roots = [parent for parent in trace.parents[node] if trace.ops[parent] == "sqrt"]
            others = [parent for parent in trace.parents[node] if parent not in roots]
            if len(roots) == 1 and len(others) == 1 and (value := single(trace.values[others[0]])) is not None:
                found.setdefault(value, []).append(np.ravel(trace.values[roots[0]]))
    for value, parts in found.items():
        root = np.concatenate(parts)
        typical = float(np.quantile(root, 0.9))
        if value >= LARGEST and value > OUTWEIGHS * typical:
            words = (
                f"epsilon is {value:.2g} where the root of the second moment is {typical:.2g}: it sets the step alone"
            )
            return Fault("adam-epsilon", words), value
        if abs(value) < UNDERFLOWS and not root.all():
            return Fault("adam-epsilon", f"epsilon is {value:.2g}, and the root of some second moments is 0"), value
    return None


def single(value: np.ndarray) -> float | None:
    """The number that an array repeats; None where it has several."""
    flat = np.ravel(value)
    return float(flat[0]) if flat.size and flat.dtype.kind == "f" and (flat == flat[0]).all() else None


def epsilon_place(text: StepText, value: float) -> ast.AST | None:
    """Where the file writes that epsilon."""
    near = lambda found: abs(found - value) <= 1e-6 * abs(value)
    return next((node for _, found, node in named_numbers(text.tree, EPSILON) if near(found)), text.optimizer_line())
