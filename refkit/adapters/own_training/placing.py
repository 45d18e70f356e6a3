"""Putting listeners in the place of the steps and scores of a program, wherever it defines them."""

import ast
import contextlib
import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jax
from flax import nnx

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.own_training.inline_step import HEARD_INLINE, with_listener
from refkit.adapters.own_training.listener import Hearing, Listener
from refkit.adapters.own_training.stations import Station, hears, names_bound

HEARD = "__refkit_heard__"


@contextlib.contextmanager
def listening(hearing: Hearing) -> Iterator[None]:
    """While every step and score of the program is listened to, wherever it is defined."""
    loaded = hearing.surroundings.loaded
    module = loaded.module.__dict__
    kept: list[Callable[[], None]] = []
    try:
        for node in hearing.stations.tree.body:
            for name in names_bound(node):
                value = value_of(loaded, name)
                made = heard_instead(node, name, value, hearing)
                if made is not value:
                    kept.append(functools.partial(module.__setitem__, name, value))
                    module[name] = made
            if isinstance(node, ast.ClassDef) and isinstance(cls := value_of(loaded, node.name), type):
                kept += listening_methods(cls, node, hearing)
        module[HEARD] = lambda number: functools.partial(heard_nested, number, hearing)
        module[HEARD_INLINE] = hearing.inline
        kept += [lambda: module.pop(HEARD, None), lambda: module.pop(HEARD_INLINE, None)]
        kept += listening_to_jit(module, hearing)
        yield
    finally:
        hearing.closed = True
        for restore in reversed(kept):
            restore()


def value_of(loaded: Any, name: str) -> Any:
    """The object of a name; None where it cannot be had, and is not listened to."""
    try:
        return loaded.get(name)
    except Exception:  # noqa: BLE001: whatever its statement raises
        return None


def heard_instead(node: ast.stmt, name: str, value: Any, hearing: Hearing) -> Any:
    """What a name of the module is while it is listened to."""
    if not callable(value) or isinstance(value, type):
        return value
    station = hearing.stations.of(node, name)
    if station is not None and takes_part(station, value):
        return Listener(hearing, station, value)
    if hearing.stations.augments(node):
        return hearing.augmentation(name, value)
    if isinstance(node, FUNCTIONS) and hearing.stations.inside(node):
        value = with_listeners(node, hearing) or value
    elif inspect.isfunction(value) and hearing.stations.makes(node):
        return hearing.making(value)
    return hearing.jitted(value) if is_jitted(value) else value


def takes_part(station: Station, value: Any) -> bool:
    """Whether what a name stands for is listened to: it takes data, or is what takes steps."""
    if isinstance(value, (staticmethod, classmethod)):
        return False
    if station.steps and (is_jitted(value) or inspect.isfunction(value) or isinstance(value, functools.partial)):
        return True
    return bool(station.name) and hears(value)


def is_jitted(value: Any) -> bool:
    return callable(value) and hasattr(value, "lower") and not isinstance(value, (str, type))


def listened_to(node: ast.stmt, hearing: Hearing) -> ast.stmt:
    """A statement again, with a listener in the place of every step and in every loop that is one."""
    again = copy.deepcopy(node)
    stations = hearing.stations
    for old, new in list(zip(ast.walk(node), ast.walk(again), strict=True)):
        if old in stations.steps and old is not node:
            number = ast.Constant(stations.steps.index(old))
            new.decorator_list.insert(0, ast.Call(ast.Name(HEARD, ast.Load()), [number], []))
        if old in stations.loops:
            with_listener(new, stations.loops.index(old))
    return again


def heard_nested(number: int, hearing: Hearing, function: Callable) -> Callable:
    """The listener in the place of a step that is defined in a function."""
    definition = hearing.stations.steps[number]
    return Listener(hearing, Station("step", definition.name, definition, True), function)


def with_listeners(node: ast.FunctionDef, hearing: Hearing) -> Callable | None:
    """A function around steps, made again with a listener in the place of each."""
    module = ast.fix_missing_locations(ast.Module([listened_to(node, hearing)], []))
    made: dict[str, Any] = {}
    try:
        exec(compile(module, hearing.file, "exec"), hearing.surroundings.evidence.namespace.variables, made)
    except Exception:  # noqa: BLE001: its decorators or defaults may want anything
        return None
    return made[node.name]


def listening_methods(cls: type, node: ast.ClassDef, hearing: Hearing) -> list[Callable[[], None]]:
    methods = {method.name: method for method in node.body if isinstance(method, FUNCTIONS)}
    kept = []
    for name, value in list(vars(cls).items()):
        method, made = methods.get(name), None
        station = hearing.stations.of(method, name, node.name) if method is not None else None
        if station is not None and callable(value) and takes_part(station, value):
            made = Listener(hearing, station, value)
        elif method is not None and not method.decorator_list and hearing.stations.inside(method):
            made = with_listeners(method, hearing)
        elif is_jitted(value):
            made = hearing.jitted(value)
        if made is not None:
            kept.append(functools.partial(setattr, cls, name, value))
            setattr(cls, name, made)
    return kept


def listening_to_jit(module: dict[str, Any], hearing: Hearing) -> list[Callable[[], None]]:
    """Has every function that is jitted meanwhile listened to, under whatever name the file has for `jit`."""
    kept: list[Callable[[], None]] = []
    for owner in (jax, nnx):
        original = owner.jit

        def jit(*positional: Any, original: Callable = original, **named: Any) -> Any:
            function = positional[0] if positional else named.get("fun")
            if not callable(function):
                return lambda inner: jit(inner, *positional, original=original, **named)
            if isinstance(function, Listener):
                return function.compiled(original, *positional[1:], **{k: v for k, v in named.items() if k != "fun"})
            return hearing.jitted(original(*positional, **named))

        for name, value in list(module.items()):
            if value is original:
                kept.append(functools.partial(module.__setitem__, name, value))
                module[name] = jit
        kept.append(functools.partial(setattr, owner, "jit", original))
        owner.jit = jit
    return kept
