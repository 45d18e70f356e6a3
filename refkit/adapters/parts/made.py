"""The functions of a file that make examples by themselves, called as the file calls them."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part


def adapt_made(surroundings: Surroundings) -> Part:
    """`run(name, positional, named)` of a file's own functions, as `made_part` has it."""
    return made_part(surroundings.loaded.get, surroundings.loaded.tree)


def made_part(get: Callable[[str], Any], tree: ast.Module) -> Part:
    """The arrays that a function of the file gives.

    Args:
        get: the file's object of a name.
        tree: the file.
    """

    def run(name: str, positional: list, named: dict[str, Any]) -> list[tuple[str, np.ndarray]]:
        return arrays_of(get(name)(*positional, **named))

    run.tree = tree
    return Part("made", "the functions that make examples", run)
