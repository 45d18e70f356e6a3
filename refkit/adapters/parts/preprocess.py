"""What a program does to raw inputs before its model takes them."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from refkit.adapters.parts.data_parameters import DATA, parameters_of, role_of, roles_of, ways
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

LACKING = "no preprocess found: name it with `--preprocess NAME`"


def adapt_preprocess(surroundings: Surroundings) -> Part:
    """`run(raw, labels, training)` of the file's preprocess, as `preprocess_part` has it."""
    found = surroundings.find("preprocess")
    if found is None:
        return Part("preprocess", lacking=LACKING)
    return preprocess_part(found.object, found.name, found.line)


def preprocess_part(function: Callable, name: str, line: int = 0) -> Part:
    """A function on raw inputs.

    `run(values, seed)` takes what each role is, as `{"x": …, "train": …, "labels": …, "training": False}`, and gives
    the arrays that come out in their order, each with the key it has in a dict.
    """
    parameters = parameters_of(function)
    roles = roles_of(function)
    if not parameters:
        return Part("preprocess", name, line=line, lacking=f"`{name}` takes nothing")

    def run(values: dict[str, Any], seed: int = 0) -> list[tuple[str, np.ndarray]]:
        error: Exception | None = None
        for positional, named in ways(function, values, seed):
            try:
                return arrays_of(function(*positional, **named))
            except Exception as raised:  # noqa: BLE001: another way of handing randomness over may do
                error = error or raised
        raise error or TypeError(f"`{name}` takes {', '.join(p.name for p in parameters)}")

    run.roles = roles
    return Part("preprocess", name, run, line)


def takes(part: Part, role: str) -> bool:
    """Whether one of the parameters of a part has a role."""
    return role in getattr(part.run, "roles", {}).values()


def arrays_of(value: Any, key: str = "") -> list[tuple[str, np.ndarray]]:
    """The arrays in what a function returned, in order, each with the innermost key around it."""
    if isinstance(value, dict):
        return [pair for name, item in value.items() for pair in arrays_of(item, str(name))]
    fields = getattr(value, "_fields", None) or tuple(getattr(value, "__dataclass_fields__", ()))
    if fields and not isinstance(value, type):
        return [pair for name in fields for pair in arrays_of(getattr(value, name), name)]
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(item, (int, float, np.number)) for item in value):
            return [(key, np.asarray(value))]
        return [pair for item in value for pair in arrays_of(item, key)]
    if isinstance(value, (np.ndarray, jax.Array, np.generic)):
        return [(key, np.asarray(value))]
    return []


__all__ = ["DATA", "adapt_preprocess", "arrays_of", "preprocess_part", "role_of", "takes"]
