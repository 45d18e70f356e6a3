"""Evaluation mode for code that asks for training mode in so many words, so that its loss draws nothing."""

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import Any

from flax import linen, nnx

ASKS_FOR_TRAINING = re.compile(
    r"\b(train|training|is_training)\s*=\s*True|\b(deterministic|use_running_average)\s*=\s*False"
)
HAS_MODES = re.compile(r"\b(Dropout|BatchNorm)\b")


@contextlib.contextmanager
def evaluating(source: str, layers: tuple[str, ...] = ("Dropout", "BatchNorm")) -> Iterator[None]:
    """While open, dropout layers pass their input on and batch norm uses its running statistics, whatever they say.

    Args:
        source: the file's text: one that has no such layers is left alone.
        layers: only these.
    """
    if not HAS_MODES.search(source):
        yield
        return
    dropout, batch_norm = nnx.Dropout.__call__, nnx.BatchNorm.__call__
    if "Dropout" in layers:
        nnx.Dropout.__call__ = functools.wraps(dropout)(lambda self, inputs, *args, **kwargs: inputs)
    if "BatchNorm" in layers:
        nnx.BatchNorm.__call__ = functools.wraps(batch_norm)(
            lambda self, x, use_running_average=None, **kwargs: batch_norm(self, x, use_running_average=True, **kwargs)
        )
    of_linen = tuple(
        cls for name, cls in (("Dropout", linen.Dropout), ("BatchNorm", linen.BatchNorm)) if name in layers
    )
    try:
        with linen.intercept_methods(functools.partial(evaluate_layer, of_linen)):
            yield
    finally:
        nnx.Dropout.__call__, nnx.BatchNorm.__call__ = dropout, batch_norm


def evaluate_layer(layers: tuple[type, ...], run: Any, args: tuple, kwargs: dict[str, Any], context: Any) -> Any:
    """A Linen layer's method in evaluation mode."""
    module = context.module
    if not isinstance(module, layers):
        return run(*args, **kwargs)
    if context.method_name == "__call__" and isinstance(module, linen.Dropout):
        return args[0]
    if context.method_name == "__call__" and isinstance(module, linen.BatchNorm):
        asked = module.use_running_average
        object.__setattr__(module, "use_running_average", None)
        try:
            return run(*args[:1], **kwargs | {"use_running_average": True})
        finally:
            object.__setattr__(module, "use_running_average", asked)
    return run(*args, **kwargs)
