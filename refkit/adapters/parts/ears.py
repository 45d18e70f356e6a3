"""Ears in the place of a program's training steps: they note the first call, and end the program."""

import ast
import contextlib
import dataclasses
import functools
import inspect
import os
from collections.abc import Callable
from typing import Any

import jax
from flax import nnx

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.parts.inline_step import as_function
from refkit.adapters.parts.listening import line_in
from refkit.adapters.parts.rhythm import Rhythm
from refkit.adapters.parts.surroundings import Surroundings

LOOPS = ("scan", "fori_loop", "while_loop", "map")


class Heard(BaseException):
    """Ends the program once a step is called."""


@dataclasses.dataclass
class FirstCall:
    """One call of a train step with arguments that are no tracers.

    Args:
        function: as the program calls it, jitted where it jits it; a whole epoch where that is what is jitted.
        definition: of the step that is called, or that is reached within `function`.
        positional, named: what it is handed.
        line: from which it is called, 0 where that is not known.
        looped: whether `function` runs the step in a loop of JAX's own, many times in one call.
        loop: the line of the loop whose body is the step, 0 where the step is a function.
        rhythm: how the program trains by this step.
    """

    function: Callable
    definition: ast.FunctionDef
    positional: tuple
    named: dict[str, Any]
    line: int
    looped: bool = False
    loop: int = 0
    rhythm: Rhythm = dataclasses.field(default_factory=Rhythm)


class Ear:
    """Listens to the program's steps.

    Args:
        definitions: of the steps.
        loops: whose bodies are steps.
        surroundings: the file.
    """

    def __init__(self, definitions: list[ast.FunctionDef], loops: list[ast.stmt], surroundings: Surroundings):
        self.definitions, self.loops, self.surroundings = definitions, loops, surroundings
        self.file = surroundings.loaded.file
        self.rhythm = Rhythm()
        self.around: list[FirstCall] = []  # calls of jitted functions that are under way
        self.call: FirstCall | None = None
        self.closed = False  # what was made while listening is handed on, and hears nothing any more

    def step(self, number: int, function: Callable) -> Callable:
        """The step with an ear in its place."""
        definition = self.definitions[number]

        def heard(*positional: Any, **named: Any) -> Any:
            if self.closed:
                return function(*positional, **named)
            if self.around:
                self.hear(dataclasses.replace(self.around[0], definition=definition, looped=in_scan()))
            if not traced((positional, named)):
                self.hear(FirstCall(function, definition, positional, named, line_in(self.file)))
            return function(*positional, **named)

        return dressed(heard, function)

    def jitted(self, function: Callable) -> Callable:
        """A jitted function that may reach a step."""

        def heard(*positional: Any, **named: Any) -> Any:
            if self.closed or traced((positional, named)):
                return function(*positional, **named)
            if in_scan():
                return function(*positional, **named)
            self.around.append(FirstCall(function, None, positional, named, line_in(self.file)))
            try:
                return function(*positional, **named)
            finally:
                self.around.pop()

        return dressed(heard, function)

    def inline(self, number: int, values: dict[str, Any]) -> None:
        """A loop whose body is the step, at the beginning of its first round."""
        if self.closed or self.call is not None:
            return
        loop, evidence = self.loops[number], self.surroundings.evidence
        name = next((f.name for f in ast.walk(evidence.tree) if isinstance(f, FUNCTIONS) and holds(f, loop)), "the loop")
        definition = ast.copy_location(ast.FunctionDef(name, NO_ARGUMENTS, loop.body, []), loop)
        try:
            function, named = as_function(loop, values, evidence.namespace.variables, self.file)
        except Exception:  # noqa: BLE001: what is in the body may belong to the loop itself
            return
        self.hear(FirstCall(function, definition, (), named, loop.lineno, loop=loop.lineno))

    def hear(self, call: FirstCall) -> None:
        """Notes a call, and ends the program."""
        if self.call is None and not call.looped:
            self.rhythm.note_loops(self.surroundings.evidence.tree, self.file, (call.positional, call.named))
        self.call = dataclasses.replace(call, rhythm=self.rhythm)
        raise Heard


NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


def holds(node: ast.AST, part: ast.AST) -> bool:
    return any(inner is part for inner in ast.walk(node))


def dressed(heard: Callable, function: Callable) -> Callable:
    with contextlib.suppress(Exception):
        functools.update_wrapper(heard, function, updated=())
    heard.refkit_function = function
    return heard


def traced(value: Any) -> bool:
    leaves = jax.tree.leaves(value, is_leaf=lambda node: isinstance(node, (nnx.Module, nnx.Optimizer)))
    inner = (leaf for leaf in leaves if not isinstance(leaf, (nnx.Module, nnx.Optimizer)))
    objects = (leaf for leaf in leaves if isinstance(leaf, (nnx.Module, nnx.Optimizer)))
    return any(isinstance(leaf, jax.core.Tracer) for leaf in inner) or any(
        isinstance(leaf, jax.core.Tracer) for thing in objects for leaf in jax.tree.leaves(nnx.state(thing))
    )


def in_scan() -> bool:
    """Whether we are called from within a loop of JAX's own."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name in LOOPS and f"{os.sep}jax{os.sep}" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
