"""A train step in two calls: one function of the file gives the gradients, the next takes the state on by them."""

import ast
import copy
from collections.abc import Iterator
from typing import Any

from refkit.adapters.differentiated import FUNCTIONS, bound_names, read_names
from refkit.adapters.own_training.inline_step import LOOPS, inline_loops, is_gradient, is_update
from refkit.adapters.parts.returned import LOSS
from refkit.adapters.parts.slices import Slices, called
from refkit.adapters.parts.steps import Step


def composed_steps(tree: ast.Module, steps: list[ast.FunctionDef], slices: Slices) -> Iterator[Step]:
    """The calls of one round of a loop as one step, which takes what they read from before them.

    Args:
        steps: functions of the file that are whole steps: a loop that calls one of them is no such loop.
    """
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
    tops = {node.name for node in tree.body if isinstance(node, FUNCTIONS)}
    whole = [node for node in steps if any(map(is_gradient, ast.walk(node)))]
    for loop in inline_loops(tree, whole):
        taken = [statement for statement in loop.body if touches(statement, functions, tops)]
        if len(taken) < 2 or not all(isinstance(statement, (ast.Assign, ast.Expr)) for statement in taken):
            continue
        first, last = loop.body.index(taken[0]), loop.body.index(taken[-1])
        body = [node for node in loop.body[first : last + 1] if isinstance(node, (ast.Assign, ast.Expr))]
        definition = as_definition(body, loop, tree)
        if definition is not None:
            yield Step(taken[-1].value.func.id, definition, None, None, loop.lineno, getter(definition, body))


def touches(statement: ast.stmt, functions: dict[str, ast.FunctionDef], tops: set[str]) -> bool:
    """Whether a statement calls a function at the top of the file that takes gradients or goes on by them."""
    call = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Assign, ast.Expr)) or not isinstance(call, ast.Call):
        return False
    name = called(call) if isinstance(call.func, ast.Name) else ""
    return name in tops and any(is_gradient(node) or is_update(node) for node in ast.walk(functions[name]))


def as_definition(body: list[ast.stmt], loop: ast.stmt, tree: ast.Module) -> ast.FunctionDef | None:
    """A function of the names that the statements read from before them; it gives those that go on, then the loss."""
    bound: set[str] = set()
    outside: list[str] = []
    top = set().union(*(names_of_top(node) for node in tree.body), imported(tree))
    for statement in body:
        outside += [name for name in names_in_order(statement) if name not in bound | top and name not in outside]
        bound |= bound_names(statement)
    going_on = [name for name in outside if name in bound]
    last = body[-1]
    if not going_on and isinstance(last, ast.Expr) and last.value.args and isinstance(last.value.args[0], ast.Name):
        going_on = [last.value.args[0].id]  # what comes of the last call is dropped: the state stays
    losses = sorted(name for name in bound - set(outside) if LOSS.fullmatch(name))
    if not going_on:
        return None
    given = ast.Tuple([ast.Name(name, ast.Load()) for name in [*going_on, *losses]], ast.Load())
    result = given if len(given.elts) > 1 else given.elts[0]
    parameters = ast.arguments([], [ast.arg(name) for name in outside], None, [], [], None, [])
    definition = ast.FunctionDef("one_round", parameters, [*copy.deepcopy(body), ast.Return(result)], [])
    return ast.fix_missing_locations(ast.copy_location(definition, loop))


def names_in_order(statement: ast.stmt) -> list[str]:
    """Names that a statement reads, as they stand in it; what it calls comes last."""
    read = read_names(statement)
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id in read]
    return [node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))]


def names_of_top(node: ast.stmt) -> set[str]:
    """Names that a statement at the top binds there."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return {node.name}
    return set() if isinstance(node, LOOPS) else bound_names(node)


def imported(tree: ast.Module) -> set[str]:
    found = (alias for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names)
    return {alias.asname or alias.name.split(".")[0] for alias in found}


def getter(definition: ast.FunctionDef, body: list[ast.stmt]):
    """Compiles the step where the file's own names are."""

    def get(slices: Slices, given: dict[str, Any]) -> Any:
        made: dict[str, Any] = {}
        module = ast.fix_missing_locations(ast.Module([definition], []))
        exec(compile(module, slices.loaded.file, "exec"), slices.variables(body, ast.Constant(None)), made)
        return made[definition.name]

    return get
