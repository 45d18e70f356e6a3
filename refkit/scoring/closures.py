"""Jitted functions that keep, from when they were traced, what the training loop binds anew."""

import ast
from collections.abc import Iterator

from refkit.adapters.expressions import name_of
from refkit.scoring.fault import Fault
from refkit.scoring.scopes import Scope, calls, loaded_names, targets_of

JITS = {"jit", "filter_jit", "pjit"}


def closures(scope: Scope) -> Iterator[Fault]:
    """Functions around the scores, jitted before the loop, whose own names the loop binds anew."""
    for loop in scope.epoch_loops:
        inside = [node for node in ast.walk(loop) if isinstance(node, ast.stmt) and node is not loop]
        rebound = set().union(*(targets_of(node) for node in inside if isinstance(node, (ast.Assign, ast.AugAssign))))
        carried = set().union(
            *(targets_of(node) for node in inside if isinstance(node, ast.Assign) and scope.trains(node.value))
        )
        used = set().union(*(loaded_names(node) for node in inside))
        for name, body, line in jitted(scope):
            stale = sorted(free_names(body) & rebound & carried)
            if stale and line < loop.lineno and name in used and name not in scope.trainers and not scope.trains(body):
                yield Fault("stale-closure", line, f"`{name}` keeps the `{stale[0]}` of when it was first called")


def jitted(scope: Scope) -> Iterator[tuple[str, ast.AST, int]]:
    """Names that are bound to a jitted function of the scope's own: with its definition and line."""
    defined = {node.name: node for node in scope.body if isinstance(node, ast.FunctionDef)}
    for name, node in defined.items():
        if any(name_of(part) in JITS for decorator in node.decorator_list for part in ast.walk(decorator)):
            yield name, node, node.lineno
    for name, values in scope.bound.items():
        for value, statement in values:
            if not isinstance(value, ast.Call) or name_of(value.func) not in JITS or not value.args:
                continue
            inner = value.args[0]
            inner = defined.get(inner.id, inner) if isinstance(inner, ast.Name) else inner
            if isinstance(inner, (ast.Lambda, ast.FunctionDef)):
                yield name, inner, statement.lineno


def free_names(function: ast.Lambda | ast.FunctionDef) -> set[str]:
    """Names that a function reads from around it."""
    arguments = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    body = function.body if isinstance(function.body, list) else [function.body]
    bound = set().union(*(targets_of(node) for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)))
    called = {id(call.func) for part in body for call in calls(part)}
    read = {
        inner.id for part in body for inner in ast.walk(part) if isinstance(inner, ast.Name) and id(inner) not in called
    }
    return read - arguments - bound
