"""Functions traced and evaluated step by step, and their steps by op and by line."""

import inspect

import jax
import numpy as np

from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.sites import Sites
from refkit.tracing.trace import Trace


def programmed(function, *arguments) -> Program:
    """`function` of inputs like `arguments`, in their own dtypes."""
    shapes = [jax.ShapeDtypeStruct(value.shape, value.dtype) for value in arguments]
    return trace_program(function, shapes, [("input", str(k)) for k in range(len(arguments))], Sites())


def executed(function, *arguments, **how) -> Trace:
    return evaluate(programmed(function, *arguments), list(arguments), **how)


def results(trace: Trace) -> list[np.ndarray]:
    return [trace.values[node] for node in trace.outputs]


def steps(trace: Trace, op: str) -> list[int]:
    return [node for node, name in enumerate(trace.ops) if name == op]


def line_of(function, text: str) -> int:
    """The line of this file on which `function` has `text`."""
    lines, start = inspect.getsourcelines(function)
    (found,) = [start + k for k, line in enumerate(lines) if text in line]
    return found
