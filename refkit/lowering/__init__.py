"""Other forms of the same mathematics, where XLA runs them faster on a CPU: the text that is lowered stays as it is.

A training step is traced to its program after differentiation, and its convolutions are carried out as one matrix
product each. `REFKIT_LOWERING=off` in the environment leaves every program as it is written.
"""

import os
from collections.abc import Callable
from typing import Any

import jax

from refkit.lowering import convolutions, interpreter, loops

OFF = "off"
interpreter.FORMS |= {"conv_general_dilated": convolutions.convolve, "scan": loops.loop}


def lowered(function: Callable) -> Callable:
    """The function, carried out in faster forms; itself where lowering is switched off.

    Args:
        function: of pytrees of arrays; pure.
    """
    return function if os.environ.get("REFKIT_LOWERING", "") == OFF else interpreter.lower(function)


def has_convolutions(function: Callable, *arguments: Any) -> bool:
    """Whether convolutions are left in the function as it is lowered: XLA runs these slowly inside loops on a CPU."""
    return "conv_general_dilated" in str(jax.make_jaxpr(lowered(function))(*arguments))
