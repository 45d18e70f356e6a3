"""Scores of parameters that no training step has moved, as the program's own run shows them."""

import inspect
import linecache
from collections.abc import Iterator
from typing import Any

from refkit.adapters.parts.recorded_values import is_handed
from refkit.scoring.fault import Fault
from refkit.scoring.splits import OTHERWISE


def stale(heard: Any, file: str) -> Iterator[Fault]:
    """Scores whose model has the parameters of the first step, where later steps are handed others.

    Args:
        heard: the run, a `Training` of the adapters.
    """
    steps = [call.handed for call in heard.calls if call.kind == "step" and call.handed is not None]
    if len(steps) < 2 or not steps[0].leaves or steps[0].parameters == steps[1].parameters:
        return
    for call in heard.calls:
        if call.kind != "score" or call.handed is None or call.handed.parameters != steps[0].parameters:
            continue
        if OTHERWISE.search(linecache.getline(file, call.line)):
            continue
        if is_handed(call.bound, call.handed.leaves):
            yield Fault("initial-parameters-at-evaluation", call.line, "it is given the parameters of before training")
        else:
            line = next(filter(None, (defined_in(value, file) for value in call.bound.values())), call.line)
            yield Fault("stale-closure", line, "the score's model keeps the parameters of before training")


def defined_in(value: Any, file: str) -> int:
    """The line on which a function of the file is defined; 0 for anything else."""
    code = getattr(inspect.unwrap(value) if callable(value) else value, "__code__", None)
    return code.co_firstlineno if code is not None and code.co_filename == file else 0
