"""Listeners in the place of a program's steps and scores: what each is handed, and what it hands on to the model."""

import ast
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from refkit.adapters.parts.data_parameters import DATA, roles_of
from refkit.adapters.parts.preprocess import arrays_of
from refkit.adapters.parts.reaching import Forward, Handed
from refkit.adapters.parts.stand_in import returned_stand_in

STEPS = re.compile(r"(jit_?|j)?(train_?(ing_?)?(step|batch|on_batch)|update(_(step|fn|params|model|batch))?|step(_fn)?|fit_batch|sgd_step|"
                   r"do_step|one_step|p_train_step|train_one_batch|train_iter)(_?(jit|jitted))?")
SCORES = re.compile(r"(jit_?)?(accuracy|evaluate|eval(uate)?_?(step|batch|model|fn)?|compute_(metrics|accuracy)|test_?(step|accuracy)|"
                    r"share_wrong|score|acc|error_rate|validate|r2|rmse|mae|.*_accuracy|accuracy_.*|(run_)?(test|valid(ate|ation)?|evaluat\w*)"
                    r"(_(model|epoch|loop|set|split))?|eval_\w+)")
LOADERS = re.compile(r"(.*_)?(loader|dataloader|dl|iterator|iter|batches|dataset|ds|stream)")
GRADIENTS = {"grad", "value_and_grad", "apply_gradients", "apply_updates"}
MOST_CALLS = 250
SPARE = 2.05  # epochs' worth of examples after which enough was seen
LOOKS = 2  # steps, and calls of each score, that are followed to the model


class Enough(BaseException):
    """Ends the program once its steps have seen enough."""


@dataclasses.dataclass
class Call:
    """One call of a step or of a score.

    Args:
        kind: `step` or `score`.
        arrays: what it was handed of data, in order, each with the key around it or its parameter's role.
        line: of the user's file from which it was called, 0 where that is not known.
        name: what it is called.
        bound: everything it was handed, by parameter.
        handed: what it hands on to the model, where it was followed there.
        function: it, as it was before it was listened to.
    """

    kind: str
    arrays: list[tuple[str, np.ndarray]]
    line: int
    name: str = ""
    bound: dict[str, Any] = dataclasses.field(default_factory=dict)
    handed: Handed | None = None
    function: Callable | None = None


@dataclasses.dataclass
class Heard:
    """What the listeners of one run share.

    Args:
        loaded: the file.
        read: the raw data sets that it has read so far.
        forward: the model's own forward function.
        calls: those heard so far.
        inner: the first call of each score that another one made on its way to the model.
    """

    loaded: Any
    read: list
    forward: Forward
    calls: list[Call] = dataclasses.field(default_factory=list)
    inner: dict[str, Call] = dataclasses.field(default_factory=dict)

    @property
    def steps(self) -> list[Call]:
        return [call for call in self.calls if call.kind == "step" and call.arrays]


class Listener:
    """Stands in the place of a step or a score, and notes what it is handed."""

    def __init__(self, heard: Heard, name: str, function: Callable, kind: str, definition: ast.FunctionDef | None):
        functools.update_wrapper(self, function, updated=())
        self.function, self.kind, self.heard, self.name = function, kind, heard, name
        self.signature, self.roles = inspect.signature(function), roles_of(function)
        self.definition = definition

    def __call__(self, *positional: Any, **named: Any) -> Any:
        bound = self.signature.bind(*positional, **named).arguments
        roles = {name: role if role not in DATA or is_data(bound.get(name)) else "state"
                 for name, role in self.roles.items()}
        call = Call(self.kind, self.data_in(bound, roles), line_in(self.heard.loaded.file), self.name, dict(bound),
                    function=self.function)
        if self.heard.forward.waiting:
            self.heard.inner.setdefault(self.name, call)
            return self.function(*positional, **named)
        if self.is_looked_at(call):
            call.handed = self.heard.forward.reach(self.function, positional, named)
            for inner in self.heard.inner.values():
                inner.handed = inner.handed or call.handed
        self.heard.calls.append(call)
        self.stop_when_enough()
        return returned_stand_in(self.definition, bound, roles, self.kind, len(self.heard.steps) <= LOOKS)

    def data_in(self, bound: dict[str, Any], roles: dict[str, str]) -> list[tuple[str, np.ndarray]]:
        arrays = []
        for name, value in bound.items():
            role = roles.get(name, "batch")
            declared = self.signature.parameters.get(name)
            variadic = declared is not None and declared.kind is inspect.Parameter.VAR_POSITIONAL
            if role in DATA or variadic:
                arrays += [(key or (role if role in DATA else "batch"), array) for key, array in arrays_of(value)]
        return arrays

    def is_looked_at(self, call: Call) -> bool:
        which = (call.kind, call.name, call.line)
        before = [other for other in self.heard.calls if (other.kind, other.name, other.line) == which]
        if self.kind == "step":
            return len(self.heard.steps) < LOOKS
        return not before and len(self.heard.steps) >= LOOKS

    def stop_when_enough(self) -> None:
        steps, read = self.heard.steps, self.heard.read
        seen = sum(len(call.arrays[0][1]) for call in steps if call.arrays[0][1].ndim)
        count = len(read[-1][0]) if read else 0
        if seen > SPARE * count if count else len(steps) >= MOST_CALLS:
            raise Enough

    def __get__(self, owner: Any, kind: Any = None) -> Callable:
        return self if owner is None else functools.partial(self, owner)


def listened(tree: ast.Module) -> list[tuple[str, str, str]]:
    """Names of the file that are steps or scores, each with the class that it is a method of, or nothing."""
    found = []
    for node in tree.body:
        names = [node.name] if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        found += [("", name, kind) for name in names if (kind := kind_of(name))]
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef) and (kind := kind_of(method.name)):
                if kind == "score" or takes_gradient(method):  # a metric has an `update`, too
                    found.append((node.name, method.name, kind))
    return list(dict.fromkeys(found))


def kind_of(name: str) -> str:
    return "step" if STEPS.fullmatch(name) else "score" if SCORES.fullmatch(name) else ""


def takes_gradient(node: ast.AST) -> bool:
    names = {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in ast.walk(node)}
    return bool(names & GRADIENTS)


def is_data(value: Any) -> bool:
    """Whether a value may hold examples: arrays of one length, and not of many, as parameters are."""
    return len({len(array) for _, array in arrays_of(value) if array.ndim}) < 2


def hears(function: Callable) -> bool:
    """Whether a function takes data, or what gives batches of it, by the names of its parameters."""
    return any(role in DATA or LOADERS.fullmatch(name.lower()) for name, role in roles_of(function).items())


def definition_of(tree: ast.Module, owner: str, name: str) -> ast.FunctionDef | None:
    """The function that a name of the file stands for, also where it is made of another by `jit`."""
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == owner), tree.body)
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    for node in body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            inner = [part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)]
            return next((each for each in body if isinstance(each, ast.FunctionDef) and each.name in inner), None)
    return None


def line_in(file: str) -> int:
    """The line of the file from which we are called."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0
