"""Where the largest output is looked for along the first axis, and the same function with the last one in its place."""

import ast
import contextlib
import copy
from collections.abc import Callable, Iterator

from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of

LARGEST = {"argmax", "argsort", "top_k", "max", "argmin"}
MODULES = {"jnp", "np", "numpy", "lax", "jax"}


def largest_over_first(definition: ast.AST) -> int | None:
    """The line of an argmax along axis 0, or along none; None where there is no such."""
    return next((call.lineno for call in over_first(definition)), None)


def over_first(definition: ast.AST) -> Iterator[ast.Call]:
    """Calls that look for the largest along axis 0; of an argmax along none, too."""
    for call in (node for node in ast.walk(definition) if isinstance(node, ast.Call)):
        if name_of(call.func) not in LARGEST:
            continue
        axis = axis_of(call)
        if name_of(call.func) == "argmax" and axis is None or isinstance(axis, ast.Constant) and axis.value == 0:
            yield call


def axis_of(call: ast.Call) -> ast.AST | None:
    axis = next((keyword.value for keyword in call.keywords if keyword.arg == "axis"), None)
    return axis or next(iter(call.args[first_place(call) :]), None)


def first_place(call: ast.Call) -> int:
    """Where among the arguments the axis stands."""
    return 0 if isinstance(call.func, ast.Attribute) and name_of(call.func.value) not in MODULES else 1


@contextlib.contextmanager
def over_last(definitions: list[ast.AST], evidence: Evidence) -> Iterator[dict[str, Callable]]:
    """While functions of the file that take an argmax over the examples take it over the last axis: these by name."""
    variables = evidence.namespace.variables
    tops = [node for node in definitions if node in evidence.tree.body and any(over_first(node))]
    kept = {node.name: variables.get(node.name) for node in tops}
    made: dict[str, Callable] = {}
    try:
        for node in tops:
            again = ast.Module([repaired(node)], [])
            exec(compile(ast.fix_missing_locations(again), "<over the last axis>", "exec"), variables, made)
        variables.update(made)
        yield made
    finally:
        variables.update(kept)


def repaired(node: ast.FunctionDef) -> ast.FunctionDef:
    """A copy of a function whose every argmax is over the last axis."""
    again = copy.deepcopy(node)
    for call in list(over_first(again)):
        call.keywords = [keyword for keyword in call.keywords if keyword.arg != "axis"]
        del call.args[first_place(call) :]
        call.keywords.append(ast.keyword("axis", ast.UnaryOp(ast.USub(), ast.Constant(1))))
    return again
