"""Running a program's own training with listeners in the place of its steps."""

import ast
import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax

from refkit.adapters.parts.cheap_starts import cheap_starts
from refkit.adapters.parts.data_parameters import parameters_of
from refkit.adapters.parts.listening import Call, Enough, Heard, Listener, definition_of, hears, listened
from refkit.adapters.parts.reaching import Forward
from refkit.adapters.parts.sources import modules_of, recorded
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part


@dataclasses.dataclass
class Training:
    """What was heard of one run.

    Args:
        calls: of its steps and scores, in order.
        read: the raw data sets that it read, as inputs and labels.
        inner: the first call of each score that another one made.
        error: what the program raised behind the last of the calls, if anything.
    """

    calls: list[Call]
    read: list
    inner: dict[str, Call]
    error: Exception | None = None


def adapt_loop(surroundings: Surroundings) -> Part:
    """`run()` runs the program's main part, a `Training`; `run.heard()` gives that of the first run again."""
    loaded = surroundings.loaded
    begin = beginning(surroundings)
    if begin is None:
        return Part("train", lacking="no training is found that can be run by itself")
    name, line, start = begin
    names = listened(loaded.tree)
    if not any(kind == "step" for _, _, kind in names):
        return Part("train", name, line=line, lacking=f"`{name}` calls no training step that has a name")
    kept: list[Training] = []

    def run() -> Training:
        with recorded(modules_of(loaded), "sklearn" in loaded.source) as read:
            heard = Heard(loaded, read, Forward(surroundings.call, loaded.module.__dict__))
            error = None
            try:
                with heard.forward.replaced(), listening(heard, names), unjitted(), cheap_starts(lambda: heard.forward.waiting):
                    start()
            except Enough:
                pass
            except Exception as raised:  # noqa: BLE001: a stand-in for a step's results may not suit what follows
                error = raised
            kept.append(Training(heard.calls, list(read), heard.inner, error))
        return kept[-1]

    run.heard = lambda: kept[0] if kept else run()
    return Part("train", name, run, line)


@contextlib.contextmanager
def listening(heard: Heard, names: list[tuple[str, str, str]]) -> Iterator[None]:
    """While listeners are in the place of the file's steps and scores."""
    loaded, module = heard.loaded, heard.loaded.module.__dict__
    kept: list[tuple[Any, str, Any]] = []
    try:
        for owner, name, kind in names:
            place = loaded.get(owner) if owner else None
            function = vars(place).get(name) if isinstance(place, type) else loaded.get(name) if not owner else None
            if callable(function) and not isinstance(function, (staticmethod, classmethod)) and hears(function):
                listener = Listener(heard, name, function, kind, definition_of(loaded.tree, owner, name))
                kept.append((place, name, function))
                setattr(place, name, listener) if owner else module.update({name: listener})
        yield
    finally:
        for place, name, function in kept:
            setattr(place, name, function) if place is not None else module.update({name: function})


def beginning(surroundings: Surroundings) -> tuple[str, int, Callable] | None:
    """What begins the training: the block that runs when the file is run, or a function that needs nothing."""
    loaded = surroundings.loaded
    source = loaded.program.target.source
    for node in (source.whole or loaded.tree).body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            code = compile(ast.Module(node.body, []), loaded.file, "exec")
            return "__main__", node.lineno, lambda: exec(code, dict(loaded.module.__dict__))  # the program's own code
    found = surroundings.find("train")
    if found is None or any(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in parameters_of(found.object) or ()):
        return None
    return found.name, found.line, found.object


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
