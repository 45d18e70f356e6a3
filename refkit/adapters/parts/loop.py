"""Running a program's own training with a listener in the place of its steps."""

import ast
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from refkit.adapters.parts.cheap_starts import cheap_starts
from refkit.adapters.parts.data_parameters import DATA, parameters_of, roles_of
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.sources import modules_of, recorded
from refkit.adapters.parts.stand_in import returned_stand_in
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

STEPS = re.compile(r"(jit_?|j)?(train_?(ing_?)?(step|batch|on_batch)|update(_(step|fn|params|model|batch))?|step(_fn)?|fit_batch|sgd_step|"
                   r"do_step|one_step|p_train_step|train_one_batch|train_iter)(_?(jit|jitted))?")
SCORES = re.compile(r"(jit_?)?(accuracy|evaluate|eval(uate)?_?(step|batch|model|fn)?|compute_(metrics|accuracy)|test_?(step|accuracy)|"
                    r"share_wrong|score|acc|error_rate|validate|r2|rmse|mae|.*_accuracy|accuracy_.*)")
MOST_CALLS = 60
SPARE = 2.05  # epochs' worth of examples after which enough was seen


class Enough(BaseException):
    """Ends the program once its steps have seen enough."""


@dataclasses.dataclass
class Call:
    """One call of a step or of a score.

    Args:
        kind: `step` or `score`.
        arrays: what it was handed of data, in order, each with the key around it or its parameter's role.
        line: of the user's file from which it was called, 0 where that is not known.
    """

    kind: str
    arrays: list[tuple[str, np.ndarray]]
    line: int


def adapt_loop(surroundings: Surroundings) -> Part:
    """`run()` runs the program's main part and gives the calls of its steps, and the raw data sets that it read."""
    loaded = surroundings.loaded
    begin = beginning(surroundings)
    if begin is None:
        return Part("train", lacking="no training is found that can be run by itself")
    name, line, start = begin
    names = listened(loaded)
    if not any(kind == "step" for _, kind in names):
        return Part("train", name, line=line, lacking=f"`{name}` calls no training step that has a name")

    def run() -> tuple[list[Call], list]:
        calls: list[Call] = []
        with recorded(modules_of(loaded), "sklearn" in loaded.source) as read:
            module, kept = loaded.module.__dict__, {}
            scope = None
            try:
                for each, kind in names:
                    function = loaded.get(each)
                    if callable(function) and hears(function):
                        kept[each] = function
                        module[each] = Listener(loaded, each, function, kind, calls, read)
                with unjitted(), cheap_starts():
                    start(scope)
            except Enough:
                pass
            except Exception as error:  # noqa: BLE001: a stand-in for a step's results may not suit what follows
                run.error = error
            finally:
                module.update(kept)
        return calls, list(read)

    run.error = None
    return Part("train", name, run, line)


def beginning(surroundings: Surroundings) -> tuple[str, int, Callable] | None:
    """What begins the training: the block that runs when the file is run, or a function that needs nothing."""
    loaded = surroundings.loaded
    for node in loaded.tree.body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            code = compile(ast.Module(node.body, []), loaded.file, "exec")

            def start(_: Any) -> None:
                scope = dict(loaded.module.__dict__)
                exec(code, scope)  # the program's own code

            return "__main__", node.lineno, start
    found = surroundings.find("train")
    if found is None or any(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in parameters_of(found.object) or ()):
        return None
    return found.name, found.line, lambda _: found.object()


def listened(loaded: Any) -> list[tuple[str, str]]:
    """Names of the file that are steps or scores."""
    found = []
    for node in loaded.tree.body:
        names = [node.name] if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        for name in names:
            if STEPS.fullmatch(name):
                found.append((name, "step"))
            elif SCORES.fullmatch(name):
                found.append((name, "score"))
    return list(dict.fromkeys(found))


def hears(function: Callable) -> bool:
    """Whether a function takes data, by the names of its parameters."""
    return any(role in DATA for role in roles_of(function).values())


class Listener:
    """Stands in the place of a step or a score, and notes what it is handed."""

    def __init__(self, loaded: Any, name: str, function: Callable, kind: str, calls: list[Call], read: list):
        functools.update_wrapper(self, function, updated=())
        self.function, self.kind, self.calls, self.read = function, kind, calls, read
        self.signature, self.roles = inspect.signature(function), roles_of(function)
        self.file = loaded.file
        self.definition = definition_of(loaded.tree, name)

    def __call__(self, *positional: Any, **named: Any) -> Any:
        bound = self.signature.bind(*positional, **named).arguments
        arrays = []
        for name, value in bound.items():
            role = self.roles.get(name, "batch")
            if role in DATA:
                arrays += [(key or role, array) for key, array in arrays_of(value)]
            elif name in self.signature.parameters and self.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
                arrays += [(key or "batch", array) for key, array in arrays_of(value)]
        self.calls.append(Call(self.kind, arrays, line_in(self.file)))
        self.stop_when_enough()
        return returned_stand_in(self.definition, bound, self.roles, self.kind)

    def stop_when_enough(self) -> None:
        steps = [call for call in self.calls if call.kind == "step" and call.arrays]
        seen = sum(len(call.arrays[0][1]) for call in steps if call.arrays[0][1].ndim)
        count = len(self.read[-1][0]) if self.read else 0
        if seen > SPARE * count if count else len(steps) >= MOST_CALLS:
            raise Enough

    def __get__(self, owner: Any, kind: Any = None) -> Callable:
        return self if owner is None else functools.partial(self, owner)


def definition_of(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    """The function that a name of the file stands for, also where it is made of another by `jit`."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            inner = [part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)]
            return next((each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name in inner), None)
    return None


def line_in(file: str) -> int:
    """The line of the file from which we are called."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0


class unjitted:
    """While `jax.jit` leaves listeners as they are."""

    def __enter__(self) -> None:
        self.jit = jax.jit

        def jit(function: Any = None, *positional: Any, **named: Any) -> Any:
            if isinstance(function, Listener):
                return function
            return self.jit(function, *positional, **named) if function is not None else self.jit(*positional, **named)

        jax.jit = jit

    def __exit__(self, *raised: Any) -> None:
        jax.jit = self.jit
