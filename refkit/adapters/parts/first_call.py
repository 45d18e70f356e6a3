"""The first call of a train step in the program's own training: the function as it is there, and what it is handed."""

import ast
import contextlib
import copy
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
from flax import nnx

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.parts.cheap_starts import cheap_starts
from refkit.adapters.parts.loop import beginning, line_in
from refkit.adapters.parts.steps import takes_steps, trains
from refkit.adapters.parts.surroundings import Surroundings

HEARD = "__refkit_heard__"


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
    """

    function: Callable
    definition: ast.FunctionDef
    positional: tuple
    named: dict[str, Any]
    line: int


class Ear:
    """Listens to the program's steps.

    Args:
        definitions: of the steps.
        file: the user's.
    """

    def __init__(self, definitions: list[ast.FunctionDef], file: str):
        self.definitions, self.file = definitions, file
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
                self.call = dataclasses.replace(self.around[0], definition=definition)
                raise Heard
            if not traced((positional, named)):
                self.call = FirstCall(function, definition, positional, named, line_in(self.file))
                raise Heard
            return function(*positional, **named)

        return dressed(heard, function)

    def jitted(self, function: Callable) -> Callable:
        """A jitted function that may reach a step."""

        def heard(*positional: Any, **named: Any) -> Any:
            if self.closed or traced((positional, named)):
                return function(*positional, **named)
            self.around.append(FirstCall(function, self.definitions[0], positional, named, line_in(self.file)))
            try:
                return function(*positional, **named)
            finally:
                self.around.pop()

        return dressed(heard, function)


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


def first_call(surroundings: Surroundings) -> FirstCall | None:
    """Runs the program's main part up to the first call of a step; None where it never comes to one."""
    begin = beginning(surroundings)
    tree = surroundings.evidence.tree
    tops = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    definitions = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and takes_steps(n, tree, tops) and not trains(n)]
    if begin is None or not definitions:
        return None
    ear = Ear(definitions, surroundings.loaded.file)
    with listening(surroundings, ear), cheap_starts():
        try:
            begin[2](None)
        except Heard:
            pass
        except (Exception, SystemExit):  # noqa: BLE001: the program's own main part may want what is not here
            return None
    return ear.call


@contextlib.contextmanager
def listening(surroundings: Surroundings, ear: Ear) -> Iterator[None]:
    """While every step of the program is listened to, wherever it is defined."""
    loaded = surroundings.loaded
    module = loaded.module.__dict__
    kept: list[Callable[[], None]] = []
    try:
        for node in loaded_statements(surroundings):
            inside = [k for k, step in enumerate(ear.definitions) if any(inner is step for inner in ast.walk(node))]
            names = names_bound(node)
            for name, value in zip(names, module_values(loaded, names), strict=True):
                made = replaced(node, value, inside, ear, surroundings)
                if made is not value and made is not None:
                    kept.append(functools.partial(module.__setitem__, name, value))
                    module[name] = made
            if isinstance(node, ast.ClassDef) and inside:
                kept += listening_methods(loaded.get(node.name), node, inside, ear)
        module[HEARD] = lambda number: functools.partial(ear.step, number)
        kept.append(lambda: module.pop(HEARD, None))
        kept += listening_to_jit(module, ear)
        yield
    finally:
        ear.closed = True
        for restore in reversed(kept):
            restore()


def loaded_statements(surroundings: Surroundings) -> list[ast.stmt]:
    kinds = (*FUNCTIONS, ast.ClassDef, ast.Assign)
    return [node for node in surroundings.evidence.tree.body if isinstance(node, kinds)]


def names_bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [] if isinstance(node, ast.ClassDef) else [node.name]


def module_values(loaded: Any, names: list[str]) -> list[Any]:
    found = []
    for name in names:
        try:
            found.append(loaded.get(name))
        except Exception:  # noqa: BLE001: what cannot be had is not listened to
            found.append(None)
    return found


def is_jitted(value: Any) -> bool:
    return callable(value) and hasattr(value, "lower") and not isinstance(value, (str, type))


def replaced(node: ast.stmt, value: Any, inside: list[int], ear: Ear, surroundings: Surroundings) -> Any:
    """What a name of the module is while it is listened to."""
    if not callable(value) or isinstance(value, type):
        return value
    for number in inside:
        if ear.definitions[number] is node:
            return ear.step(number, value)
    if inside and isinstance(node, FUNCTIONS):
        value = with_ears(node, inside, ear, surroundings)
    return ear.jitted(value) if is_jitted(value) else value


def with_ears(node: ast.FunctionDef, inside: list[int], ear: Ear, surroundings: Surroundings) -> Callable | None:
    """A function around steps, made again with an ear in the place of each."""
    again = copy.deepcopy(node)
    for old, new in zip(ast.walk(node), ast.walk(again), strict=True):
        for number in inside:
            if old is ear.definitions[number]:
                new.decorator_list.insert(0, ast.Call(ast.Name(HEARD, ast.Load()), [ast.Constant(number)], []))
    module = ast.fix_missing_locations(ast.Module([again], []))
    made: dict[str, Any] = {}
    try:
        exec(compile(module, surroundings.loaded.file, "exec"), surroundings.evidence.namespace.variables, made)
    except Exception:  # noqa: BLE001: its decorators or defaults may want anything
        return None
    return made[node.name]


def listening_methods(cls: Any, node: ast.ClassDef, inside: list[int], ear: Ear) -> list[Callable[[], None]]:
    steps = {ear.definitions[number].name: number for number in inside if ear.definitions[number] in node.body}
    kept = []
    for name, value in list(vars(cls).items()):
        if name in steps and callable(value):
            made = ear.step(steps[name], value)
        elif is_jitted(value):
            made = ear.jitted(value)
        else:
            continue
        kept.append(functools.partial(setattr, cls, name, value))
        setattr(cls, name, made)
    return kept


def listening_to_jit(module: dict[str, Any], ear: Ear) -> list[Callable[[], None]]:
    """Has every function that is jitted meanwhile listened to, under whatever name the file has for `jit`."""
    kept: list[Callable[[], None]] = []
    for owner in (jax, nnx):
        original = owner.jit

        def jit(*positional: Any, original: Callable = original, **named: Any) -> Any:
            function = positional[0] if positional else named.get("fun")
            if not callable(function):
                return lambda inner: jit(inner, *positional, original=original, **named)
            return ear.jitted(original(function, *positional[1:], **named))

        for name, value in list(module.items()):
            if value is original:
                kept.append(functools.partial(module.__setitem__, name, value))
                module[name] = jit
        kept.append(functools.partial(setattr, owner, "jit", original))
        owner.jit = jit
    return kept
