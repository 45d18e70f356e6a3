"""Random numbers that a score draws on its way to the model, and what it hands to the model where others are drawn."""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jax

KINDS = (
    "normal",
    "uniform",
    "bernoulli",
    "randint",
    "choice",
    "permutation",
    "categorical",
    "truncated_normal",
    "bits",
)


class Draws:
    """What is drawn.

    Attributes:
        lines: of the score itself, at which it came to a draw.
        other: whether other numbers are drawn from the keys that are given.
    """

    def __init__(self):
        self.lines: list[int] = []
        self.other = False


@contextlib.contextmanager
def drawn(module: dict[str, Any], file: str) -> Iterator[Draws]:
    """While the draws of `jax.random` are noted, under whatever names a module has for them.

    Args:
        module: its names.
        file: its file.
    """
    draws, kept = Draws(), []
    try:
        for kind in KINDS:
            original = getattr(jax.random, kind)
            noting = noted(original, draws, file)
            for place, name in [(vars(jax.random), kind), *((module, n) for n, v in module.items() if v is original)]:
                kept.append((place, name, original))
                place[name] = noting
        yield draws
    finally:
        for place, name, original in kept:
            place[name] = original


def noted(original: Callable, draws: Draws, file: str) -> Callable:
    @functools.wraps(original)
    def draw(key: Any, *positional: Any, **named: Any) -> Any:
        draws.lines.append(own_line(file))
        return original(jax.random.fold_in(key, 1) if draws.other else key, *positional, **named)

    return draw


def own_line(file: str) -> int:
    """The line of what `reach` has called, 0 where that is not of the file."""
    frame, line = inspect.currentframe(), 0
    while frame is not None and frame.f_code.co_name != "reach":
        line = frame.f_lineno if frame.f_code.co_filename == file else line
        frame = frame.f_back
    return line
