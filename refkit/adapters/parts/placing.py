"""Putting ears in the place of the steps of a program, wherever it defines them."""

import ast
import contextlib
import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
from flax import nnx

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.parts.ears import Ear, holds
from refkit.adapters.parts.inline_step import HEARD_INLINE, with_listener

HEARD = "__refkit_heard__"


@contextlib.contextmanager
def listening(ear: Ear) -> Iterator[None]:
    """While every step of the program is listened to, wherever it is defined."""
    loaded = ear.surroundings.loaded
    module = loaded.module.__dict__
    kept: list[Callable[[], None]] = []
    try:
        for node in loaded_statements(ear):
            inside = [k for k, step in enumerate(ear.definitions) if any(inner is step for inner in ast.walk(node))]
            names = names_bound(node)
            for name, value in zip(names, module_values(loaded, names), strict=True):
                made = replaced(node, value, inside, ear)
                if made is not value and made is not None:
                    kept.append(functools.partial(module.__setitem__, name, value))
                    module[name] = made
            if isinstance(node, ast.ClassDef) and (inside or any(holds(node, loop) for loop in ear.loops)):
                kept += listening_methods(loaded.get(node.name), node, inside, ear)
        module[HEARD] = lambda number: functools.partial(ear.step, number)
        module[HEARD_INLINE] = ear.inline
        kept += [lambda: module.pop(HEARD, None), lambda: module.pop(HEARD_INLINE, None)]
        kept += listening_to_jit(module, ear)
        yield
    finally:
        ear.closed = True
        for restore in reversed(kept):
            restore()


def loaded_statements(ear: Ear) -> list[ast.stmt]:
    """Definitions, and names that are given to something jitted or to a step."""
    steps, found = {step.name for step in ear.definitions}, []
    for node in ear.surroundings.evidence.tree.body:
        if isinstance(node, ast.Assign):
            words = {getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(node.value)}
            if not isinstance(node.value, ast.Call) or not words & {"jit", "pjit", *steps}:
                continue
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Assign)):
            found.append(node)
    return found


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


def replaced(node: ast.stmt, value: Any, inside: list[int], ear: Ear) -> Any:
    """What a name of the module is while it is listened to."""
    if not callable(value) or isinstance(value, type):
        return value
    for number in inside:
        if ear.definitions[number] is node:
            return ear.step(number, value)
    if isinstance(node, FUNCTIONS) and (inside or any(holds(node, loop) for loop in ear.loops)):
        value = with_ears(node, ear)
    return ear.jitted(value) if is_jitted(value) else value


def listened_to(node: ast.stmt, ear: Ear) -> ast.stmt:
    """A statement again, with an ear in the place of every step that is defined in it and in every loop that is one."""
    again = copy.deepcopy(node)
    for old, new in list(zip(ast.walk(node), ast.walk(again), strict=True)):
        for number, step in enumerate(ear.definitions):
            if old is step and old is not node:
                new.decorator_list.insert(0, ast.Call(ast.Name(HEARD, ast.Load()), [ast.Constant(number)], []))
        for number, loop in enumerate(ear.loops):
            if old is loop:
                with_listener(new, number)
    return again


def with_ears(node: ast.FunctionDef, ear: Ear) -> Callable | None:
    """A function around steps, made again with an ear in the place of each."""
    module = ast.fix_missing_locations(ast.Module([listened_to(node, ear)], []))
    made: dict[str, Any] = {}
    try:
        exec(compile(module, ear.file, "exec"), ear.surroundings.evidence.namespace.variables, made)
    except Exception:  # noqa: BLE001: its decorators or defaults may want anything
        return None
    return made[node.name]


def listening_methods(cls: Any, node: ast.ClassDef, inside: list[int], ear: Ear) -> list[Callable[[], None]]:
    steps = {ear.definitions[number].name: number for number in inside if ear.definitions[number] in node.body}
    kept = []
    for name, value in list(vars(cls).items()):
        method = next((m for m in node.body if isinstance(m, FUNCTIONS) and m.name == name), None)
        if name in steps and callable(value):
            made = ear.step(steps[name], value)
        elif method is not None and not method.decorator_list and any(holds(method, loop) for loop in ear.loops):
            made = with_ears(method, ear) or value
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
