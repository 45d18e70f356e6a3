"""`nnx.Optimizer(model, tx)` and `optimizer.update(grads)`, as Flax had them before 0.11."""

import contextlib
from collections.abc import Iterator
from typing import Any

from flax import nnx


class OldOptimizer(nnx.ModelAndOptimizer):
    """Holds its model, and takes the gradients alone or after the model."""

    def __init__(self, model: Any, tx: Any, wrt: Any = nnx.Param):
        super().__init__(model, tx, wrt=wrt)

    def update(self, *arguments: Any, **named: Any) -> Any:
        named.pop("model", None)
        grads = named.pop("grads", None)
        return super().update(arguments[-1] if grads is None else grads, **named)


@contextlib.contextmanager
def old_optimizer(source: str) -> Iterator[None]:
    """While open, `nnx.Optimizer` is the old one for a file that never says `wrt`.

    Args:
        source: the file's text.
    """
    if "nnx.Optimizer(" not in source or "wrt" in source:
        yield
        return
    original = nnx.Optimizer
    nnx.Optimizer = OldOptimizer
    try:
        yield
    finally:
        nnx.Optimizer = original
