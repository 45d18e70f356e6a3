"""What a forward function wants beside parameters, data and mode: a mask, an initial state."""

import dataclasses
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.calling import parameters_of
from refkit.adapters.evidence import Evidence

STATE_MAKERS = tuple(
    "init_state initial_state init_carry initialize_carry initial_carry init_hidden zero_state zeros_state"
    " initialize_state make_state get_initial_state init_lstm_state init_cell".split()
)


@dataclasses.dataclass(frozen=True)
class Extra:
    """A further argument.

    Args:
        name: of the parameter.
        make: from the batch size, or None for one example, and the number of steps.
    """

    name: str
    make: Callable[[int | None, int], Any]


def extra_choices(
    parameters: list[inspect.Parameter], inputs: int, owner: Any, evidence: Evidence, leaves: list[Any]
) -> list[tuple[Extra, ...]]:
    """Ways to fill the parameters that neither data nor mode fill, most plausible first; one empty way where none is.

    Args:
        parameters: those that take data, in the adapter's first reading.
        inputs: how many inputs there are.
        owner: the model's class, whose methods may make a state.
    """
    needed = [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]
    if (
        len(needed) < 2
        or len(needed) <= inputs
        and not any(roles.CARRY.fullmatch(parameter.name) for parameter in needed)
    ):
        return [()]
    choices = []
    for parameter in needed:
        if roles.MASK.fullmatch(parameter.name.lower()):
            choices.append([Extra(parameter.name, ones)])
        elif roles.CARRY.fullmatch(parameter.name.lower()):
            choices.append([Extra(parameter.name, make) for make in states(owner, evidence, leaves)])
    return [tuple(choice) for choice in itertools.product(*choices)] if all(choices) and choices else [()]


def ones(batch: int | None, steps: int) -> jax.Array:
    return jnp.ones((steps,) if batch is None else (batch, steps), bool)


def states(owner: Any, evidence: Evidence, leaves: list[Any]) -> list[Callable[[int | None, int], Any]]:
    """An initial state by the program's own function, else zeros of the recurrent kernel's width."""
    makers = [getattr(owner, name, None) for name in STATE_MAKERS] + [
        evidence.namespace.get(name) for name in STATE_MAKERS
    ]
    widths = hidden_widths(leaves, evidence)
    found: list[Callable[[int | None, int], Any]] = []
    for maker in makers:
        if callable(maker):
            found += [own_state(maker, width) for width in widths[:2] or [None]]
    for width in widths:
        found.append(lambda batch, steps, width=width: (zeros(batch, width), zeros(batch, width)))
        found.append(lambda batch, steps, width=width: zeros(batch, width))
    if evidence.mentions_vmap:  # a state that is not mapped over: the same for every example
        found[:0] = [lambda batch, steps, width=width: (zeros(None, width), zeros(None, width)) for width in widths]
    return found


def zeros(batch: int | None, width: int) -> jax.Array:
    return jnp.zeros((width,) if batch is None else (batch, width))


def hidden_widths(leaves: list[Any], evidence: Evidence) -> list[int]:
    """Widths that a state may have: of kernels with four gates, of square ones, then constants called after it."""
    shapes = [tuple(leaf.shape) for leaf in leaves if len(leaf.shape) >= 2]
    four = [min(shape[-2:]) for shape in shapes if max(shape[-2:]) == 4 * min(shape[-2:])]
    four += [max(shape[-2:]) // 4 for shape in shapes if max(shape[-2:]) % 4 == 0]
    square = [shape[-1] for shape in shapes if shape[-1] == shape[-2]]
    names = [
        value
        for name, value in ((name, evidence.namespace.get(name)) for name in evidence.namespace.assigned)
        if type(value) is int and "hidden" in name.lower()
    ]
    attributes = [64, 128] if not leaves else []
    columns = [shape[-1] for shape in shapes if shape[-1] > 1]
    return list(dict.fromkeys([*square, *four, *names, *attributes, *columns]))[:6]


def own_state(maker: Callable, width: int | None) -> Callable[[int | None, int], Any]:
    """The program's own function, its arguments filled in by name."""

    def make(batch: int | None, steps: int) -> Any:
        given: dict[str, Any] = {}
        for parameter in parameters_of(maker):
            name = parameter.name.lower()
            if roles.is_key(name):
                given[parameter.name] = jax.random.key(0)
            elif "batch" in name or name in ("n", "b", "bs"):
                dims = () if batch is None else (batch,)
                given[parameter.name] = dims if "dims" in name or "shape" in name else batch
            elif "shape" in name:
                given[parameter.name] = (width,) if batch is None else (batch, width)
            elif parameter.default is inspect.Parameter.empty and name not in ("self", "cls"):
                given[parameter.name] = width
        return maker(**given)

    return make
