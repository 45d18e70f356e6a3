"""refkit: compare your own neural network with a reference, and read which line departs."""

from typing import Any

from refkit.errors import RefkitError
from refkit.implementation import Implementation, Input

__all__ = ["Implementation", "Input", "RefkitError", "assert_matches", "compare"]

LAZY = {"compare": "refkit.comparison", "assert_matches": "refkit.asserting"}


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module `refkit` has no attribute `{name}`")
    import importlib

    return getattr(importlib.import_module(LAZY[name]), name)
