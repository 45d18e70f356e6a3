"""Under which conditions a scoring function is called, and what it should say there."""

import ast
import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from refkit.adapters.parts.scorer import Scorer
from refkit.scoring.oracle import SETS, Probe

MOST_CUT = 2_000  # examples


def negated(leaf: Any) -> Any:
    return -leaf if np.issubdtype(leaf.dtype, np.floating) else leaf


def same_everywhere(shares: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return bool(np.allclose(shares, wanted, rtol=1e-6, atol=1e-9))


def explained(probe: Probe) -> float:
    """R²: the share of the targets' variance that the answers explain."""
    targets = probe.examples.labels.reshape(len(probe.examples.labels), -1)
    errors = probe.examples.outputs.reshape(targets.shape) - targets
    return float(1 - (errors**2).sum() / ((targets - targets.mean(axis=0)) ** 2).sum())


def innermost(error: BaseException) -> str:
    """File of the innermost frame that is no library's."""
    files = []
    trace = error.__traceback__
    while trace is not None:
        files.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    return next((file for file in reversed(files) if "site-packages" not in file and "refkit" not in file), "")


@contextlib.contextmanager
def sized(scorer: Scorer, batch: int) -> Iterator[None]:
    """The file's batch sizes made small, so that a few examples are several batches."""
    variables = scorer.evidence.namespace.variables
    kept = {name: variables[name] for name in scorer.sizes if name in variables}
    variables.update(dict.fromkeys(kept, batch))
    try:
        yield
    finally:
        variables.update(kept)


def cut_at(definitions: list[ast.AST]) -> int:
    """The largest number at which a score cuts its examples off, as in `x[:64]`; 0 where it cuts none."""
    cuts = [
        node.slice.upper.value
        for definition in definitions
        for node in ast.walk(definition)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and node.slice.lower is None
        and isinstance(node.slice.upper, ast.Constant)
        and isinstance(node.slice.upper.value, int)
    ]
    return max((cut for cut in cuts if SETS[0][0] <= cut <= MOST_CUT), default=0)
