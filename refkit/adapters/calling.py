"""How the user's forward function is called: its data, its mode, its key."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters import roles

FORWARD = ("__call__", "forward", "call", "logits", "predict")


@dataclasses.dataclass(frozen=True)
class Data:
    """The data of one call, in the user's own layout.

    Args:
        positional: what goes to the data parameters, in their order.
        named: what goes by name.
    """

    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = dataclasses.field(default_factory=dict)


def parameters_of(function: Callable) -> list[inspect.Parameter]:
    """Parameters of a function, empty where Python cannot tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def forward_method(cls: type, names: tuple[str, ...] = FORWARD) -> Callable:
    """The method that is the forward pass: `__call__`, else one by its name."""
    defined = {name for base in cls.__mro__ for name in vars(base)}
    return next((getattr(cls, name) for name in names if name in defined), cls.__call__)


def is_mode(parameter: inspect.Parameter) -> bool:
    return roles.mode(parameter.name, True) is not None or roles.is_key(parameter.name)


def data_parameters(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Those that take data: neither a mode, nor a key, nor `*args`."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [parameter for parameter in parameters if parameter.kind not in variadic and not is_mode(parameter)]


def by_name(
    parameters: list[inspect.Parameter], positional: tuple, named: dict[str, Any]
) -> tuple[tuple, dict[str, Any]]:
    """Positional data by the names of the parameters that `named` leaves, where an earlier parameter goes by name."""
    free = [parameter.name for parameter in parameters if parameter.name not in named]
    if [parameter.name for parameter in parameters[: len(positional)]] == free[: len(positional)]:
        return positional, named
    return (), dict(zip(free, positional, strict=False)) | named


def required(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    return [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]


def mode_arguments(
    parameters: list[inspect.Parameter], training: bool, key: jax.Array | None, make_key: Callable
) -> dict[str, Any]:
    """Values by name for the parameters that say the mode or want randomness.

    A key that has a default is left to it in evaluation, where drawing anything would be the program's own doing.
    """
    named = {}
    for parameter in parameters:
        value = roles.mode(parameter.name, training)
        if value is not None:
            named[parameter.name] = value
        elif roles.is_key(parameter.name):
            if key is not None and training:
                named[parameter.name] = make_key(parameter.name, key)
            elif parameter.default is inspect.Parameter.empty:
                named[parameter.name] = make_key(parameter.name, jax.random.key(0) if key is None else key)
        elif roles.MODE.fullmatch(parameter.name) and isinstance(parameter.default, (str, inspect._empty.__class__)):
            named[parameter.name] = "train" if training else "eval"
    return named


def typed(key: jax.Array) -> jax.Array:
    """A key as `jax.random.key` makes it, whichever kind came in."""
    if jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key):
        return key
    return jax.random.wrap_key_data(key)
