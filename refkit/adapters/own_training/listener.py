"""Listeners in the place of a program's steps and scores: what each is handed, and what it hands on to the model."""

import ast
import contextlib
import dataclasses
import functools
import inspect
import os
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.own_training.calls import Augmented, Call, Training
from refkit.adapters.own_training.draws import drawn
from refkit.adapters.own_training.inline_step import as_function
from refkit.adapters.own_training.reaching import Forward
from refkit.adapters.own_training.rhythm import frames_of
from refkit.adapters.own_training.stand_in import returned_stand_in
from refkit.adapters.own_training.stations import Station, Stations, holds
from refkit.adapters.parts.data_parameters import DATA, roles_of
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.surroundings import Surroundings

MOST_CALLS = 250
MOST_AUGMENTED = 4000  # calls, each of a picture or of a batch of them
MOST_S = 30.0  # of listening behind the first step
SPARE = 2.05  # epochs' worth of examples after which enough was seen of the steps
BEYOND_S = 3.0  # of going on behind that, for the scores that the program comes to in the end
MOST_MADE, FEWEST_MADE = 8, 100  # groups of examples that are kept, and examples in each
LOOKS = 2  # steps, and calls of each score, that are followed to the model
LOOPS = ("scan", "fori_loop", "while_loop", "map")
NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


class Enough(BaseException):
    """Ends the program once its steps have seen enough."""


class Hearing:
    """What the listeners of one run share.

    Args:
        surroundings: the file.
        stations: of the file.
        read: the raw data sets that it has read so far.
    """

    def __init__(self, surroundings: Surroundings, stations: Stations, read: list):
        self.surroundings, self.stations = surroundings, stations
        self.file = surroundings.loaded.file
        self.forward = Forward(surroundings.call, surroundings.loaded.module.__dict__)
        self.training = Training(read)
        self.around: list[Call] = []  # calls of jitted functions that are under way
        self.begun = 0.0  # when the first step was called
        self.ending = 0.0  # when the steps had been seen enough
        self.closed = False  # what was made while listening is handed on, and hears nothing any more

    def note_first(self, call: Call) -> None:
        """Notes the first call of what takes gradients, and how the program has come to it."""
        heard = self.training
        if heard.first is None or heard.first.looped:
            if heard.first is None and not call.looped:
                heard.rhythm.note_loops(self.stations.tree, self.file, (call.positional, call.named))
            heard.first, self.begun = call.apart(), time.monotonic()

    def note(self, call: Call) -> None:
        """Notes a call of a step or a score, and follows some of them to the model."""
        heard = self.training
        if self.is_looked_at(call):
            self.follow(call)
            for inner in heard.inner.values():
                inner.handed = inner.handed or call.handed
        if call.kind == "score" or not self.ending:
            heard.calls.append(call)
        self.stop_when_enough()

    def follow(self, call: Call) -> None:
        """Runs a step or a score as far as the model; a score that draws random numbers again with others."""
        run = functools.partial(self.forward.reach, call.function, call.positional, call.named)
        if call.kind == "step":
            call.handed = run()
            return
        with drawn(self.surroundings.loaded.module.__dict__, self.file) as draws:
            call.handed = run()
            if draws.lines and call.handed is not None:
                call.draws, draws.other = draws.lines[0], True
                call.redrawn, self.forward.failed = run(), False

    def augmentation(self, name: str, function: Callable) -> Callable:
        """A function that augments, which notes what it gives."""

        def heard(*positional: Any, **named: Any) -> Any:
            given = function(*positional, **named)
            noted = self.training.augmented
            if (
                not self.closed
                and len(noted) < MOST_AUGMENTED
                and not traced((positional, named))
                and not traced(given)
            ):
                arrays = [np.array(array) for _, array in arrays_of(given) if array.ndim > 1]
                noted.append(Augmented(name, tuple(frame.f_lineno for frame in frames_of(self.file)), arrays))
            return given

        with contextlib.suppress(Exception):
            functools.update_wrapper(heard, function, updated=())
        return heard

    def making(self, function: Callable) -> Callable:
        """A function that may give examples, which notes those that it gives."""

        def heard(*positional: Any, **named: Any) -> Any:
            given = function(*positional, **named)
            if not self.closed and len(self.training.made) < MOST_MADE and not traced(given):
                self.training.made.extend(groups_of(given))
            return given

        with contextlib.suppress(Exception):
            functools.update_wrapper(heard, function, updated=())
        return heard

    def is_looked_at(self, call: Call) -> bool:
        if call.kind == "step":
            return len(self.training.steps) < LOOKS
        which = (call.kind, call.name, call.line)
        before = any((other.kind, other.name, other.line) == which for other in self.training.calls)
        return not before and len(self.training.steps) >= LOOKS

    def stop_when_enough(self) -> None:
        steps, read = self.training.steps, self.training.read
        seen = sum(len(call.arrays[0][1]) for call in steps if call.arrays[0][1].ndim)
        count = len(read[-1][0]) if read else 0
        now = time.monotonic()
        if not self.ending and (seen > SPARE * count if count else len(steps) >= MOST_CALLS):
            self.ending = now
        if self.ending and (self.all_scores_heard() or now - self.ending > BEYOND_S):
            raise Enough
        if self.begun and now - self.begun > MOST_S:
            raise Enough

    def all_scores_heard(self) -> bool:
        heard = {call.line for call in self.training.calls if call.kind == "score"}
        return self.stations.lines_of_scores <= heard

    def go_on(self) -> None:
        """Ends the program behind a step for whose results nothing can stand, unless others may be heard."""
        if not self.stations.has_named_steps:
            raise Enough

    def jitted(self, function: Callable) -> Callable:
        """A jitted function that may reach a step."""

        def heard(*positional: Any, **named: Any) -> Any:
            if self.closed or self.forward.waiting or traced((positional, named)) or in_scan():
                return function(*positional, **named)
            self.around.append(Call("step", function, line=line_in(self.file), positional=positional, named=named))
            try:
                return function(*positional, **named)
            finally:
                self.around.pop()

        with contextlib.suppress(Exception):
            functools.update_wrapper(heard, function, updated=())
        heard.refkit_function = function
        return heard

    def inline(self, number: int, values: dict[str, Any]) -> None:
        """A loop whose body is the step, at the beginning of its first round."""
        if self.closed or self.forward.waiting or self.training.first is not None:
            return
        loop, evidence = self.stations.loops[number], self.surroundings.evidence
        name = next(
            (f.name for f in ast.walk(evidence.tree) if isinstance(f, FUNCTIONS) and holds(f, loop)), "the loop"
        )
        definition = ast.copy_location(ast.FunctionDef(name, NO_ARGUMENTS, loop.body, []), loop)
        try:
            function, named = as_function(loop, values, evidence.namespace.variables, self.file)
        except Exception:  # noqa: BLE001: what is in the body may belong to the loop itself
            return
        self.note_first(Call("step", function, name, loop.lineno, named=named, definition=definition, loop=loop.lineno))
        self.go_on()


class Listener:
    """Stands in the place of a step or a score, and notes what it is handed."""

    def __init__(self, hearing: Hearing, station: Station, function: Callable):
        with contextlib.suppress(Exception):
            functools.update_wrapper(self, function, updated=())
        self.hearing, self.station, self.function = hearing, station, function
        self.signature, self.roles = signature_of(function), roles_of(function)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        hearing, station = self.hearing, self.station
        if hearing.closed:
            return self.function(*positional, **named)
        if traced((positional, named)):
            if station.steps and hearing.around and not hearing.forward.waiting:
                around = dataclasses.replace(hearing.around[0], name=station.name, definition=station.definition)
                hearing.note_first(dataclasses.replace(around, looped=in_scan()))
                raise Enough
            return self.function(*positional, **named)
        call = self.call_of(positional, named)
        if hearing.forward.waiting:
            hearing.training.inner.setdefault(call.name, call)
            return self.function(*positional, **named)
        if station.steps:
            hearing.note_first(call)
            if hearing.around or not call.arrays:
                raise Enough
            if not station.is_called_a_step:
                hearing.go_on()
                return self.function(*positional, **named)
        hearing.note(call)
        moves = len(hearing.training.steps) <= LOOKS
        return returned_stand_in(station.definition, call.bound, self.roles_in(call.bound), station.kind, moves)

    def call_of(self, positional: tuple, named: dict[str, Any]) -> Call:
        try:
            bound = dict(self.signature.bind(*positional, **named).arguments)
        except (AttributeError, TypeError):  # it has no signature, or is called wrongly
            bound = named
        return Call(
            self.station.kind,
            self.function,
            self.station.name,
            line_in(self.hearing.file),
            positional,
            named,
            bound,
            self.data_in(bound),
            self.station.definition,
        )

    def roles_in(self, bound: dict[str, Any]) -> dict[str, str]:
        return {
            name: role if role not in DATA or is_data(bound.get(name)) else "state" for name, role in self.roles.items()
        }

    def data_in(self, bound: dict[str, Any]) -> list[tuple[str, np.ndarray]]:
        arrays, roles = [], self.roles_in(bound)
        for name, value in bound.items():
            role = roles.get(name, "batch")
            declared = self.signature.parameters.get(name) if self.signature is not None else None
            variadic = declared is not None and declared.kind is inspect.Parameter.VAR_POSITIONAL
            if role in DATA or variadic:
                arrays += [(key or (role if role in DATA else "batch"), array) for key, array in arrays_of(value)]
        return arrays

    def compiled(self, jit: Callable, *positional: Any, **named: Any) -> "Listener":
        """The same where the program jits what it stands for."""
        return Listener(self.hearing, self.station, jit(self.function, *positional, **named))

    def __get__(self, owner: Any, kind: Any = None) -> Callable:
        return self if owner is None else functools.partial(self, owner)


def groups_of(value: Any) -> list[list[tuple[str, np.ndarray]]]:
    """Arrays that lie side by side in what was given and are as long as each other, many times over."""
    if isinstance(value, (tuple, list)) and not any(hasattr(item, "dtype") for item in value):
        return [group for item in value for group in groups_of(item)]
    groups: dict[int, list[tuple[str, np.ndarray]]] = {}
    for key, array in arrays_of(value):
        if array.ndim and len(array) >= FEWEST_MADE:
            groups.setdefault(len(array), []).append((key, np.array(array)))
    return [group for group in groups.values() if len(group) > 1]


def is_data(value: Any) -> bool:
    """Whether a value may hold examples: arrays of one length, and not of many, as parameters are."""
    return len({len(array) for _, array in arrays_of(value) if array.ndim}) < 2


def signature_of(function: Callable) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def line_in(file: str) -> int:
    """The line of the file from which we are called."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0


def traced(value: Any) -> bool:
    """Whether there are tracers among values, or in objects of NNX among them."""
    leaves = jax.tree.leaves(value, is_leaf=lambda node: isinstance(node, (nnx.Module, nnx.Optimizer)))
    objects = [leaf for leaf in leaves if isinstance(leaf, (nnx.Module, nnx.Optimizer))]
    inner = [leaf for leaf in leaves if not isinstance(leaf, (nnx.Module, nnx.Optimizer))]
    inner += [leaf for thing in objects for leaf in jax.tree.leaves(nnx.state(thing))]
    return any(isinstance(leaf, jax.core.Tracer) for leaf in inner)


def in_scan() -> bool:
    """Whether we are called from within a loop of JAX's own."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name in LOOPS and f"{os.sep}jax{os.sep}" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False
