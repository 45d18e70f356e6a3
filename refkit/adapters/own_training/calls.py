"""What is heard of a program's own training: calls of its steps and scores, and how it goes through its data."""

import ast
import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.adapters.own_training.reaching import Handed
from refkit.adapters.own_training.rhythm import Rhythm
from refkit.adapters.parts.carrying import OBJECTS, is_holder


@dataclasses.dataclass
class Call:
    """One call of a step or of a score, with arguments that are no tracers.

    Args:
        kind: `step` or `score`.
        function: as the program calls it, jitted where it jits it; a whole epoch where that is what is jitted.
        name: what it is called.
        line: of the user's file from which it was called, 0 where that is not known.
        positional, named: what it was handed.
        bound: the same by parameter.
        arrays: what is data of that, in order, each with the key around it or its parameter's role.
        definition: of the step or score that is called, or reached within `function`; None where it is not known.
        handed: what it hands on to the model, where it was followed there.
        redrawn: the same where other random numbers are drawn on the way; None where none are.
        draws: line of the score at which it comes to the first of them.
        looped: whether `function` runs the step in a loop of JAX's own, many times in one call.
        loop: the line of the loop whose body is the step, 0 where the step is a function.
    """

    kind: str
    function: Callable
    name: str = ""
    line: int = 0
    positional: tuple = ()
    named: dict[str, Any] = dataclasses.field(default_factory=dict)
    bound: dict[str, Any] = dataclasses.field(default_factory=dict)
    arrays: list[tuple[str, np.ndarray]] = dataclasses.field(default_factory=list)
    definition: ast.FunctionDef | None = None
    handed: Handed | None = None
    redrawn: Handed | None = None
    draws: int = 0
    looped: bool = False
    loop: int = 0

    def apart(self) -> "Call":
        """The same with arguments that nothing that follows can change in place."""
        objects = {id(value): value for value in objects_in([*self.positional, *self.named.values()])}
        try:
            new = dict(zip(objects, nnx.merge(*nnx.split(tuple(objects.values()))), strict=True)) if objects else {}
            positional = tuple(renewed(value, new) for value in self.positional)
            named = {name: renewed(value, new) for name, value in self.named.items()}
        except Exception:  # noqa: BLE001: what cannot be copied is kept as it is
            return self
        return dataclasses.replace(self, positional=positional, named=named)


@dataclasses.dataclass(frozen=True)
class Augmented:
    """What one call of a function that augments has given.

    Args:
        name: the function's.
        lines: of the file from which it was called, innermost first.
        arrays: the pictures that it gave.
    """

    name: str
    lines: tuple[int, ...]
    arrays: list[np.ndarray]


@dataclasses.dataclass
class Training:
    """What was heard of one run.

    Args:
        read: the raw data sets that it read, as inputs and labels.
        calls: of its steps and scores that have a name, in order.
        augmented: what functions that augment have given, in order.
        made: what functions that give examples have given: arrays of one length each, with the keys around them.
        inner: the first call of each score that another one made on its way to the model.
        first: the first call of what takes gradients, its arguments as they were then; None where there was none.
        rhythm: how the program trains by that step.
        error: what the program raised behind the last of the calls, if anything.
    """

    read: list
    calls: list[Call] = dataclasses.field(default_factory=list)
    augmented: list[Augmented] = dataclasses.field(default_factory=list)
    made: list[list[tuple[str, np.ndarray]]] = dataclasses.field(default_factory=list)
    inner: dict[str, Call] = dataclasses.field(default_factory=dict)
    first: Call | None = None
    rhythm: Rhythm = dataclasses.field(default_factory=Rhythm)
    error: BaseException | None = None

    @property
    def steps(self) -> list[Call]:
        """Of the calls those of steps that were handed data."""
        return [call for call in self.calls if call.kind == "step" and call.arrays]


def objects_in(values: list[Any]) -> Iterator[Any]:
    """Objects of NNX among values, in lists of them, and in what the user's own objects keep."""
    for value in values:
        if isinstance(value, OBJECTS):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from objects_in(list(value))
        elif is_holder(value):
            yield from objects_in([part for part in vars(value).values() if not is_holder(part)])


def renewed(value: Any, new: dict[int, Any]) -> Any:
    """A value with new objects, containers and arrays of NumPy in the place of its own."""
    if isinstance(value, OBJECTS):
        return new[id(value)]
    if is_holder(value):
        made = copy.copy(value)
        for name, part in vars(value).items():
            vars(made)[name] = part if is_holder(part) else renewed(part, new)
        return made
    if type(value) in (list, tuple):
        return type(value)(renewed(part, new) for part in value)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict) or hasattr(value, "dtype"):
        return jax.tree.map(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, value)
    return value
