"""The first call of a train step in the program's own training: the function as it is there, and what it is handed."""

import ast
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.loss_modes import missing_model
from refkit.adapters.parts.cheap_starts import cheap_starts
from refkit.adapters.parts.ears import Ear, FirstCall, Heard
from refkit.adapters.parts.inline_step import inline_loops
from refkit.adapters.parts.placing import listened_to, listening
from refkit.adapters.parts.loop import beginning
from refkit.adapters.parts.old_optimizer import old_optimizer
from refkit.adapters.parts.slices import called
from refkit.adapters.parts.steps import takes_steps, trains
from refkit.adapters.parts.surroundings import Surroundings


LATEST: list[tuple[Surroundings, FirstCall | None]] = []


def first_call(surroundings: Surroundings) -> FirstCall | None:
    """The first call of a step when the program's main part is run; None where it never comes to one."""
    if not LATEST or LATEST[0][0] is not surroundings:
        LATEST[:] = [(surroundings, listen(surroundings))]
    return LATEST[0][1]


def listen(surroundings: Surroundings) -> FirstCall | None:
    tree = surroundings.evidence.tree
    tops = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    definitions = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and takes_steps(n, tree, tops) and not trains(n)]
    loops = inline_loops(tree, definitions)
    ear = Ear(definitions, loops, surroundings)
    begin = starting(surroundings, ear)
    if begin is None or not definitions and not loops:
        return None
    module = surroundings.loaded.module.__dict__
    old, own = old_optimizer(surroundings.evidence.source), missing_model(surroundings.evidence, surroundings.call)
    with old, own, listening(ear), ear.rhythm.listening(module, ear.file), cheap_starts():
        try:
            begin()
        except Heard:
            pass
        except (Exception, SystemExit):  # noqa: BLE001: the program's own main part may want what is not here
            return None
        return within(ear)


def starting(surroundings: Surroundings, ear: Ear) -> Callable[[], Any] | None:
    """What begins the training: what is run where the file is, with an ear in its loops; else a function to call."""
    loaded = surroundings.loaded
    guards = [node for node in loaded.tree.body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)]
    runs = guards[0].body if guards else [node for node in loaded.tree.body if not isinstance(node, DEFINING)]
    if guards or any(isinstance(node, (ast.For, ast.While)) or calls_own(node, loaded.tree) for node in runs):
        module = ast.fix_missing_locations(ast.Module([listened_to(node, ear) for node in runs], []))
        code = compile(module, loaded.file, "exec")
        return lambda: exec(code, dict(loaded.module.__dict__))  # the program's own code
    begin = beginning(surroundings)
    return None if begin is None else lambda: begin[2](None)


DEFINING = (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)


def calls_own(node: ast.stmt, tree: ast.Module) -> bool:
    """Whether a statement calls a function of the file that has loops: its training."""
    looping = {f.name for f in tree.body if isinstance(f, FUNCTIONS) and any(isinstance(n, ast.For) for n in ast.walk(f))}
    return any(isinstance(call, ast.Call) and called(call) in looping for call in ast.walk(node))


def within(ear: Ear) -> FirstCall | None:
    """The call that was heard; of an epoch that is one scan, the first step in it, where it can be had by itself."""
    outer = ear.call
    if outer is None or not outer.looped:
        return outer
    ear.around = []
    try:
        with jax.disable_jit():
            outer.function(*outer.positional, **outer.named)
    except Heard:
        pass
    except Exception:  # noqa: BLE001: some programs run only when they are compiled
        return outer
    return ear.call
