"""Plain JAX: an `init` that gives parameters and an `apply` that takes them, in any order of arguments."""

import inspect
import numbers
import re
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters import trees
from refkit.adapters.arguments import Filled
from refkit.adapters.calling import Data, data_parameters, mode_arguments, parameters_of, required, typed

PARAMETERS = re.compile(r"(.*_)?(params?|parameters|weights?|theta|variables|vars|w|p|net|network|model|pytree)")
STATE = re.compile(r"(.*_)?(state|stats|batch_stats|bn_state|bn_stats|statistics|running|moving|ema)")
STATISTIC = re.compile(
    r"(^|[._])(running|moving|batch_stats|bn_state|stats?|ema)([._]|$)|(^|[._])(running|moving)?_?(mean|var|variance)$"
)


class FunctionModel:
    """A pair of functions.

    Args:
        create: gives what the user's `init` returns, from a key (and data, where it asks for some).
        forward: the user's apply function.
        config: further arguments of `forward` that are no data, by name.
        needs_data: whether `create` asks for data.
    """

    framework = "jax"
    tree: dict[str, Any] | None = None
    gives_output = False

    def __init__(
        self,
        create: Callable[[jax.Array, Data | None], Any],
        forward: Callable,
        config: dict[str, Any] | None = None,
        needs_data: bool = False,
    ):
        self.create, self.forward, self.config = create, forward, config or {}
        parameters = parameters_of(forward)
        taking = [parameter for parameter in data_parameters(parameters) if parameter.name not in self.config]
        self.place, self.state_place = places(taking)
        self.all, self.function = parameters, forward
        self.cls = None
        self.needs_data = needs_data
        self.data_parameters = [
            parameter for index, parameter in enumerate(taking) if index not in (self.place, self.state_place)
        ]
        given = {parameter.name for index, parameter in enumerate(taking) if index in (self.place, self.state_place)}
        self.forward_parameters = [
            parameter for parameter in parameters if parameter.name not in given | set(self.config)
        ]
        self.split: trees.Split | None = None
        self.returned_pair = False

    def init(self, key: jax.Array, data: Data | None = None) -> dict[str, Any]:
        made = self.create(typed(key), data)
        self.returned_pair = is_pair(made)
        if is_stax(made):
            made, self.returned_pair = made[1], False
        tree, self.split = trees.split(made, self.group_of)
        return tree

    def group_of(self, path: str, leaf: Any) -> str:
        """Parameters, statistics or constants, by a leaf's path and dtype."""
        if not jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating):
            return "constants"
        if self.returned_pair and self.state_place is not None and path.startswith("1"):
            return "statistics"
        return "statistics" if STATISTIC.search(path) else "parameters"

    def tree_of(self, made: Any) -> dict[str, Any]:
        """The groups of what `init` returned, or of the same after training."""
        return trees.split(made, self.group_of)[0]

    def restore(self, tree: dict[str, Any]) -> Any:
        """What the user's `init` returned, with these leaves."""
        return self.split.join(tree)

    def arguments(self, tree: dict[str, Any]) -> tuple[Any, Any]:
        """The parameters, and the state where the forward function takes one."""
        made = self.restore(tree)
        if self.state_place is not None and self.returned_pair:
            return made[0], made[1]
        return made, None

    def run(self, tree: dict[str, Any], data: Data, training: bool, key: jax.Array | None) -> Any:
        parameters, state = self.arguments(tree)
        positional = list(data.positional)
        places = [(self.place, parameters)] + ([(self.state_place, state)] if self.state_place is not None else [])
        for place, value in sorted(places, key=lambda item: item[0]):
            positional.insert(min(place, len(positional)), value)
        modes = mode_arguments(self.forward_parameters, training, key, lambda name, key: typed(key))
        return self.call(positional, data.named | modes | self.config)

    def call(self, positional: list, named: dict[str, Any]) -> Any:
        """By position as far as it goes (a vmapped function maps what goes by name), then by name."""
        order = [parameter.name for parameter in self.all]
        taking = [name for name in order if name not in named]
        arguments = dict(zip(taking, positional, strict=False)) | named
        if len(positional) > len(taking) or not set(arguments) <= set(order):
            return self.forward(*positional, **named)
        leading = []
        for parameter in self.all:
            if parameter.name not in arguments or parameter.kind not in (
                inspect.Parameter.POSITIONAL_ONLY,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
            ):
                break
            leading.append(arguments.pop(parameter.name))
        return self.forward(*leading, **arguments)


def places(parameters: list[inspect.Parameter]) -> tuple[int, int | None]:
    """Where the parameters stand among the arguments, and a state beside them: by name, else they come first."""
    needed = required(parameters) or parameters
    names = [parameter.name.lower() for parameter in needed]
    by_name = [index for index, name in enumerate(names) if PARAMETERS.fullmatch(name)]
    place = by_name[0] if by_name else 0
    states = [index for index, name in enumerate(names) if index != place and STATE.fullmatch(name)]
    return place, states[0] if states else None


def is_pair(made: Any) -> bool:
    return isinstance(made, tuple) and len(made) == 2


def is_stax(made: Any) -> bool:
    """`(out_shape, params)`, as stax's init functions return it."""
    return (
        is_pair(made)
        and isinstance(made[0], tuple)
        and bool(made[0])
        and all(isinstance(size, numbers.Integral) for size in made[0])
    )


def creator(init: Callable, filled: Filled, data_names: list[str]) -> Callable[[jax.Array, Data | None], Any]:
    """`init` with its arguments filled in, and data under those names that want some."""

    def create(key: jax.Array, data: Data | None) -> Any:
        given = dict(zip(data_names, data.positional, strict=False)) if data_names else {}
        return init(**filled.make(key), **given)

    return create
