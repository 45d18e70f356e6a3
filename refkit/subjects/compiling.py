"""Programs compiled once for each kind of arguments, with little memory left over from compiling."""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import jax


class Compiled:
    """A function that JAX compiles; what compiling took goes back to the system before the program first runs.

    Kept by the allocator, it would lie beside the program's own arrays, and every process that trains would have it.

    Args:
        function: of pytrees of arrays.
        how: as `jax.jit` takes it.
    """

    def __init__(self, function: Callable, **how: Any):
        self.function = jax.jit(function, **how)
        self.programs: dict[Any, Callable] = {}

    def __call__(self, *arguments: Any) -> Any:
        leaves, structure = jax.tree.flatten(arguments)
        kind = structure, tuple(map(jax.typeof, leaves))
        if kind not in self.programs:
            self.programs[kind] = self.function.lower(*arguments).compile()
            give_back()
        return self.programs[kind](*arguments)


def give_back() -> None:
    """Memory that is free but kept by the C library's allocator, where that is GNU's."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
