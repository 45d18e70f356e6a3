"""What a scoring function wants beside model and data: batches to go through, metrics to add to, sizes to cut by."""

import ast
import re
from typing import Any

from flax import nnx

from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import UNKNOWN, name_of


class Batches(list):
    """Batches as any kind of data set gives them."""

    batch_size = 1

    def __call__(self) -> "Batches":
        return self

    def as_numpy_iterator(self):
        return iter(self)

    def batch(self, *args: Any, **kwargs: Any) -> "Batches":
        return self

    prefetch = cache = take = repeat = batch


def bookkeeper(evidence: Evidence) -> Any:
    """The metrics that the file itself makes, new; else those of NNX."""
    for node in ast.walk(evidence.tree):
        if isinstance(node, ast.Call) and name_of(node.func) == "MultiMetric":
            try:
                return eval(compile(ast.Expression(node), "metrics", "eval"), dict(evidence.namespace.variables))  # noqa: S307
            except Exception:  # noqa: BLE001, S112: it may need what only its function has
                continue
    return nnx.MultiMetric(accuracy=nnx.metrics.Accuracy(), loss=nnx.metrics.Average("loss"))


def counters(evidence: Evidence, definition: ast.AST | None, pattern: re.Pattern) -> dict[str, int]:
    """Names of the module by which a function cuts its batches, and numbers that it cuts them by (name ``)."""
    found: dict[str, int] = {}
    for inner in evidence.reached(definition):
        for node in ast.walk(inner):
            if isinstance(node, ast.Name) and name_of(node) in evidence.namespace.assigned:
                value = evidence.value(node)
                if type(value) is int and (pattern.fullmatch(node.id) or node.id.isupper() and "BATCH" in node.id):
                    found[node.id] = value
            if isinstance(node, ast.Call) and name_of(node.func) == "range" and len(node.args) == 3:
                step = evidence.value(node.args[2])
                if step is not UNKNOWN and type(step) is int and step > 1 and not isinstance(node.args[2], ast.Name):
                    found[""] = step
    return found
