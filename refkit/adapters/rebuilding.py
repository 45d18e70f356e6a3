"""What a file makes at its top level, made again from another key: a model's instance, a tree of parameters."""

import ast
import copy
from collections.abc import Callable
from typing import Any

import jax
from flax import nnx

from refkit.adapters.calling import typed
from refkit.adapters.differentiated import bound_names, read_names
from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of

KEYS = {"PRNGKey", "key", "Rngs"}
PLAIN = (ast.Assign, ast.AnnAssign)
MADE = "__refkit_key"


def rebuilder(name: str, evidence: Evidence) -> Callable[[jax.Array], Any] | None:
    """A function that makes what the file calls `name` from a key; None where its statements draw on none."""
    statements = needed_statements(name, evidence.tree)
    keys = KeyCalls()
    body = [keys.visit(copy.deepcopy(statement)) for statement in statements]
    if not body or not keys.found:
        return None
    returned = ast.Return(ast.Name(name, ast.Load()))
    arguments = ast.arguments([], [ast.arg(MADE)], None, [], [], None, [])
    function = ast.FunctionDef("rebuild", arguments, [*body, returned], [])
    module = ast.fix_missing_locations(ast.Module([function], []))
    made: dict[str, Any] = {}
    variables = evidence.namespace.variables
    exec(compile(module, variables.get("__file__", "<made again>"), "exec"), variables, made)
    return lambda key: made["rebuild"](lambda kind, number: fresh(kind, jax.random.fold_in(typed(key), number)))


def fresh(kind: str, key: jax.Array) -> Any:
    """What stands for `jax.random.key(0)`, `jax.random.PRNGKey(0)` or `nnx.Rngs(0)`."""
    return nnx.Rngs(key) if kind == "Rngs" else key


def needed_statements(name: str, tree: ast.Module) -> list[ast.stmt]:
    """The top-level assignments that a name's value follows from, in their order; calls alone are left out."""
    assignments = [statement for statement in tree.body if isinstance(statement, PLAIN)]
    needed, kept = {name}, []
    for statement in reversed(assignments):
        if bound_names(statement) & needed:
            kept.insert(0, statement)
            needed |= read_names(statement)
    return kept


class KeyCalls(ast.NodeTransformer):
    """Replaces `jax.random.key(0)` and `nnx.Rngs(0)` by a key of ours, the same for the same number."""

    def __init__(self):
        self.found = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = name_of(node.func)
        plain = len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.Constant)
        if name not in KEYS or not plain or not isinstance(node.args[0].value, int):
            return node
        self.found += 1
        return ast.copy_location(ast.Call(ast.Name(MADE, ast.Load()), [ast.Constant(name), node.args[0]], []), node)
