"""Where the largest output is looked for along the first axis."""

import ast

from refkit.adapters.expressions import name_of

LARGEST = {"argmax", "argsort", "top_k", "max", "argmin"}
MODULES = {"jnp", "np", "numpy", "lax", "jax"}


def largest_over_first(definition: ast.AST) -> int | None:
    """The line of an argmax along axis 0, or along none; None where there is no such."""
    for call in (node for node in ast.walk(definition) if isinstance(node, ast.Call)):
        if name_of(call.func) not in LARGEST:
            continue
        method = isinstance(call.func, ast.Attribute) and name_of(call.func.value) not in MODULES
        axis = next((keyword.value for keyword in call.keywords if keyword.arg == "axis"), None)
        axis = axis or next(iter(call.args[0 if method else 1 :]), None)
        if name_of(call.func) == "argmax" and axis is None or isinstance(axis, ast.Constant) and axis.value == 0:
            return call.lineno
    return None
