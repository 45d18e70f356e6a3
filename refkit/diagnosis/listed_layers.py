"""The element of a `serial(...)` that a parameter belongs to: the only line that names such a layer.

Its parameters go by numbers alone, as in `1.1.0`, and the lines that draw them are the library's or another layer's too.
"""

import ast
from collections.abc import Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.tracing.trace import Site

LISTS = {"serial", "sequential"}


def listed_layer(file: str, path: str) -> Site | None:
    """The expression that makes the layer, or None where no one list, or not its place in it, is known."""
    tree = parsed(source_of(file))
    layer = outermost(tree)
    for word in path.split("."):
        if layer is None or not is_list(layer):
            break
        if not word.isdigit() or int(word) >= len(layer.args):
            return None
        if any(isinstance(element, ast.Starred) for element in layer.args[: int(word) + 1]):
            return None
        layer = resolved(layer.args[int(word)], tree)
    known = isinstance(layer, ast.Call) and not is_list(layer)
    return Site(file, layer.lineno, layer.end_lineno, layer.col_offset) if known else None


def outermost(tree: ast.Module) -> ast.Call | None:
    """The one list of layers that is not an element of another."""
    lists = [node for node in ast.walk(tree) if is_list(node)]
    elements = [resolved(element, tree) for node in lists for element in node.args]
    roots = [node for node in lists if all(node is not element for element in elements)]
    return roots[0] if len(roots) == 1 else None


def is_list(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".")[-1].lower() in LISTS


def resolved(element: ast.expr, tree: ast.Module) -> ast.expr | None:
    """What a name stands for that is bound once."""
    if not isinstance(element, ast.Name):
        return element
    bound = list(values_bound(tree, element.id))
    return bound[0] if len(bound) == 1 else None


def values_bound(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value
