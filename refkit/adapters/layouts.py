"""Ways to hand a batch over: axes, order of arguments, one example at a time."""

import ast
import dataclasses
import inspect
import itertools
import math
import textwrap
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.calling import Data
from refkit.adapters.evidence import Evidence
from refkit.implementation import Input


@dataclasses.dataclass(frozen=True)
class Form:
    """One input in the user's axes.

    Args:
        name: as in `NCHW`, `[time, batch, features]`.
        batch: from the reference's convention, with the batch axis.
        single: the same for one example; None where it makes no sense there.
    """

    name: str
    batch: Callable[[jax.Array], jax.Array]
    single: Callable[[jax.Array], jax.Array] | None = None
    time_first: bool = False


def same(x: jax.Array) -> jax.Array:
    return x


def swapped(x: jax.Array) -> jax.Array:
    return jnp.swapaxes(x, 0, 1)


NHWC = Form("NHWC", same, same)
NCHW = Form("NCHW", lambda x: jnp.transpose(x, (0, 3, 1, 2)), lambda x: jnp.transpose(x, (2, 0, 1)))
NO_CHANNEL = Form("[batch, height, width]", lambda x: x[..., 0], lambda x: x[..., 0])
FLAT = Form("[batch, height * width]", lambda x: x.reshape(x.shape[0], -1), lambda x: x.reshape(-1))
BATCH_FIRST = Form("[batch, time, features]", same, same)
TIME_FIRST = Form("[time, batch, features]", swapped, None, time_first=True)
NO_FEATURE = Form("[batch, time]", lambda x: x[..., 0], lambda x: x[..., 0])
TOKENS = Form("[batch, time]", same, same)
TOKENS_TIME_FIRST = Form("[time, batch]", swapped, None, time_first=True)
PLAIN = Form("[batch, features]", same, same)
LENGTHS = Form("[batch]", same, same)


def forms(given: Input, evidence: Evidence) -> list[Form]:
    """Axes that an input of this kind may come in, most plausible first."""
    if given.kind == "image":
        bare = [NO_CHANNEL] if given.shape[-1] == 1 else []
        return [NCHW, NHWC, *bare, FLAT] if evidence.channels_first else [NHWC, *bare, NCHW, FLAT]
    if given.kind == "sequence":
        return in_time(BATCH_FIRST, TIME_FIRST, evidence) + ([NO_FEATURE] if given.shape[-1] == 1 else [])
    if given.kind == "tokens":
        return in_time(TOKENS, TOKENS_TIME_FIRST, evidence)
    if given.kind == "lengths":
        return [LENGTHS]
    return [PLAIN, *squares(given)]


def in_time(batch_first: Form, time_first: Form, evidence: Evidence) -> list[Form]:
    """Both, the likelier one first; batch first alone where the file says so and nothing else."""
    if evidence.time_first:
        return [time_first, batch_first]
    return [batch_first] if evidence.batch_first else [batch_first, time_first]


def squares(given: Input) -> list[Form]:
    """A picture for a model that flattens it itself."""
    side = math.isqrt(max(given.shape[0], 0))
    if side * side != given.shape[0] or side < 4:
        return []
    return [
        Form("[batch, height, width]", lambda x: x.reshape(-1, side, side), lambda x: x.reshape(side, side)),
        Form("NHWC", lambda x: x.reshape(-1, side, side, 1), lambda x: x.reshape(side, side, 1)),
    ]


@dataclasses.dataclass(frozen=True)
class Packing:
    """How several inputs go into the arguments.

    Args:
        name: for the notes; empty where the inputs go in order.
        pack: from the inputs in the reference's order.
        keys: of a dict, one for each input.
    """

    name: str
    pack: Callable[[list[Any]], Data]
    keys: tuple[str, ...] = ()


def packings(inputs: tuple[Input, ...], parameters: list[inspect.Parameter], function: Callable) -> list[Packing]:
    """Orders of the arguments, a tuple, a dict, most plausible first.

    Args:
        parameters: the data parameters of the forward function, the required ones first in question.
    """
    count = len(inputs)
    needed = [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]
    found: list[Packing] = []
    if count == 1:
        keys = subscript_keys(function, needed[0].name) if needed else []
        if keys:
            found.append(as_dict(keys[:1]))
        return [Packing("", lambda values: Data(tuple(values))), *found]
    taking = (needed + [parameter for parameter in parameters if parameter not in needed])[:count]
    if len(taking) >= count or not parameters:
        orders = sorted(itertools.permutations(range(count)), key=lambda order: -agreement(order, inputs, taking))
        for order in orders:
            names = tuple(parameter.name for parameter in taking)
            label = "" if order == tuple(range(count)) else ", ".join(inputs[index].name for index in order)
            pack = ordered(order, names, needed) if parameters else by_position(order)
            found.append(Packing(f"arguments in the order {label}" if label else "", pack))
    if len(needed) <= 1 and parameters:
        keys = subscript_keys(function, (needed or parameters)[0].name)
        matched = match_keys(inputs, keys)
        if matched:
            found.append(as_dict(matched))
        found.append(Packing("a tuple", lambda values: Data((tuple(values),))))
        found.append(Packing("a tuple the other way round", lambda values: Data((tuple(reversed(values)),))))
    return found


def as_dict(keys: list[str]) -> Packing:
    name = "a dict with " + ", ".join(f"`{key}`" for key in keys)
    return Packing(name, lambda values: Data((dict(zip(keys, values, strict=True)),)), tuple(keys))


def ordered(
    order: tuple[int, ...], names: tuple[str, ...], needed: list[inspect.Parameter]
) -> Callable[[list[Any]], Data]:
    """By position where required, by name where the parameter has a default."""
    required = {parameter.name for parameter in needed}

    def pack(values: list[Any]) -> Data:
        chosen = [values[index] for index in order]
        positional = tuple(value for name, value in zip(names, chosen, strict=True) if name in required)
        return Data(
            positional, {name: value for name, value in zip(names, chosen, strict=True) if name not in required}
        )

    return pack


def by_position(order: tuple[int, ...]) -> Callable[[list[Any]], Data]:
    """For a function that names no parameter: `*inputs`."""
    return lambda values: Data(tuple(values[index] for index in order))


def agreement(order: tuple[int, ...], inputs: tuple[Input, ...], parameters: list[inspect.Parameter]) -> int:
    """How many parameters' names suit the inputs that would go there."""
    pairs = [(inputs[index], parameter.name) for index, parameter in zip(order, parameters, strict=False)]
    return sum(2 * (given.name == name) + roles.suits(name, given.kind) for given, name in pairs)


def match_keys(inputs: tuple[Input, ...], keys: list[str]) -> list[str]:
    """A key for each input, by name; empty where there are too few."""
    if len(keys) < len(inputs):
        return []
    orders = itertools.permutations(keys, len(inputs))
    score = lambda order: sum(
        2 * (given.name == key) + roles.suits(key, given.kind) for given, key in zip(inputs, order, strict=True)
    )
    return list(max(itertools.islice(orders, 200), key=score))


def subscript_keys(function: Callable, name: str) -> list[str]:
    """Text that a function's argument is indexed with: `["image", "question"]`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return []
    found = [
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    ]
    return list(dict.fromkeys(found))


@dataclasses.dataclass(frozen=True)
class Layout:
    """A whole way to call: the axes of each input, how they are packed, a batch or one example at a time."""

    inputs: tuple[Input, ...]
    forms: tuple[Form, ...]
    packing: Packing
    per_example: bool = False

    @property
    def name(self) -> str:
        words = [form.name for form in self.forms]
        if self.packing.name:
            words.append(self.packing.name)
        if self.per_example:
            words.append("one example at a time")
        return ", ".join(words)

    @property
    def time_first(self) -> bool:
        return any(form.time_first for form in self.forms)

    def arrange(self, values: list[jax.Array]) -> Data:
        """The user's data from a batch, or from one example, in the reference's convention."""
        moves = [form.single if self.per_example else form.batch for form in self.forms]
        return self.packing.pack([move(value) for move, value in zip(moves, values, strict=True)])

    def notes(self) -> list[str]:
        """What the user would want to know of how the model was called."""
        found = [
            f"`{given.name}` is handed over as {form.name}"
            for given, form in zip(self.inputs, self.forms, strict=True)
            if form not in (NHWC, BATCH_FIRST, TOKENS, PLAIN, LENGTHS)
        ]
        if self.packing.name:
            found.append(f"the inputs are handed over as {self.packing.name}")
        if self.per_example:
            found.append("the model takes one example; it is mapped over the batch")
        return found


def layouts(
    inputs: tuple[Input, ...], parameters: list[inspect.Parameter], function: Callable, evidence: Evidence
) -> list[Layout]:
    """Every way to call, most plausible first."""
    choices = [forms(given, evidence) for given in inputs]
    combinations = sorted(itertools.product(*(range(len(choice)) for choice in choices)), key=sum)
    chosen = [
        tuple(choice[index] for choice, index in zip(choices, combination, strict=True)) for combination in combinations
    ]
    chosen = [forms for forms in chosen if agree_on_time(inputs, forms)]
    found = []
    for per_example in (False, True):
        for packing in packings(inputs, parameters, function):
            for combination in chosen:
                if per_example and any(form.single is None for form in combination):
                    continue
                found.append(Layout(inputs, combination, packing, per_example))
    return found


def agree_on_time(inputs: tuple[Input, ...], chosen: tuple[Form, ...]) -> bool:
    """Two inputs with a time axis have it in the same place."""
    timed = [
        form.time_first for given, form in zip(inputs, chosen, strict=True) if given.kind in ("sequence", "tokens")
    ]
    return len(set(timed)) <= 1
