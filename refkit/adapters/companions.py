"""The state that a plain forward function takes beside its parameters, where another function than `init` makes it."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters import functions
from refkit.adapters.arguments import fill
from refkit.adapters.calling import data_parameters, parameters_of
from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of

Create = Callable[[jax.Array, Any], Any]


def with_companion(create: Create, init: str, apply: Callable, evidence: Evidence, sizes: dict[str, Any]) -> Create:
    """`create`, giving parameters and state where the file makes the state on its own.

    Args:
        create: what `init` gives, from a key and data.
        init: its name.
        apply: the forward function.
    """
    taking = data_parameters(parameters_of(apply))
    _, place = functions.places(taking)
    maker = state_maker(taking[place].name, init, evidence) if place is not None else None
    if maker is None:
        return create
    wanted = [p for p in parameters_of(maker) if p.default is inspect.Parameter.empty]
    of_parameters = [p.name for p in wanted if functions.PARAMETERS.fullmatch(p.name.lower())]
    rest = [p for p in parameters_of(maker) if p.name not in of_parameters]
    filled = next(
        iter(fill(rest, {maker.__name__}, evidence, sizes, None, framework="jax", what=f"`{maker.__name__}`"))
    )

    def both(key: jax.Array, data: Any) -> Any:
        made = create(key, data)
        if functions.is_stax(made):
            made = made[1]
        elif functions.is_pair(made):
            return made
        return made, maker(**filled.make(key), **dict.fromkeys(of_parameters, made))

    return both


def state_maker(name: str, init: str, evidence: Evidence) -> Callable | None:
    """The file's function that makes what goes by the state's name: as it is assigned, else as it is called."""
    functions_here = {node.name: node for node in evidence.tree.body if isinstance(node, ast.FunctionDef)}
    for target, value in assigned(evidence.tree):
        called = name_of(value.func) if isinstance(value, ast.Call) else ""
        fresh = isinstance(value, ast.Call) and all(name_of(part) != target for part in value.args)
        if target == name and fresh and called != init and called in functions_here:
            return evidence.namespace.get(called)
    named = [f"{word}_{name}" for word in ("init", "initial", "make", "create", "new")] + [f"{name}_init"]
    return next((evidence.namespace.get(called) for called in named if called in functions_here), None)


def assigned(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """Names and what is assigned to them, in the order of the file; tuples one by one."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts))
            found += [(part.id, value) for part, value in pairs if isinstance(part, ast.Name)]
    return found
