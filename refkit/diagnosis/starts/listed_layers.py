"""The element of a list of layers that a parameter belongs to: the only line that names such a layer.

Its parameters go by numbers, as in `1.1.0`, and the lines that draw them are the library's or another layer's too.
"""

import ast
import functools
import re
from collections.abc import Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.starts.passed import call_at, functions_around, name_called
from refkit.tracing.trace import Site

LISTS = {"serial", "sequential"}
LOOPS = (ast.For, ast.While, ast.ListComp, ast.DictComp, ast.GeneratorExp)
NUMBERED = re.compile(r"\b([A-Za-z]\w*?)_(\d+)\b")


def with_listed_layer(frames: tuple[Site, ...], file: str, path: str) -> tuple[Site, ...]:
    """With the line of the layer in a list: the outermost if it calls a function of yours, else the innermost."""
    listed = listed_layer(file, path)
    if listed is None:
        inline = numbered_layer(frames[0], path) if frames else None
        return frames if inline is None else (inline, *frames)
    nodes, called = ast.walk(parsed(source_of(file))), call_at(listed, 0)
    own = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return (*frames, listed) if called is not None and name_called(called) in own else (listed, *frames)


def listed_layer(file: str, path: str) -> Site | None:
    """The expression that makes the layer, or None where no one list, or not its place in it, is known."""
    source = source_of(file)
    tree, layer = parsed(source), outermost(source)
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


def numbered_layer(site: Site, path: str) -> Site | None:
    """The layer in an expression of several lines, by Linen's number: `Dense_1` is the second `nn.Dense(...)`."""
    kind, number = next(reversed(NUMBERED.findall(path)), ("", ""))
    around = functions_around(site)
    if not kind or not around or site.line == site.end_line:
        return None
    calls = [node for node in ast.walk(around[0]) if isinstance(node, ast.Call) and name_called(node) == kind]
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    repeated = any(isinstance(node, LOOPS) for node in ast.walk(around[0]))
    if repeated or int(number) >= len(calls) or not site.line < calls[int(number)].lineno <= site.end_line:
        return None
    layer = calls[int(number)]
    return Site(site.file, layer.lineno, layer.end_lineno, layer.col_offset, site.function)


@functools.lru_cache(maxsize=64)
def outermost(source: str) -> ast.Call | None:
    """The one list of layers that is not an element of another, or made by a function that an element calls."""
    tree = parsed(source)
    lists = [node for node in ast.walk(tree) if is_list(node)]
    elements = [resolved(element, tree) for node in lists for element in node.args]
    called = {name_called(element) for element in elements if isinstance(element, ast.Call)}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in called]
    within = [part for part in (*elements, *functions) if part is not None]
    inner = {id(node) for part in within for node in ast.walk(part)}
    roots = [node for node in lists if id(node) not in inner]
    return roots[0] if len(roots) == 1 else None


def is_list(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and name_called(node).lower() in LISTS


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
