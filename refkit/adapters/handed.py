"""What a file's own calls hand to its loss for labels."""

import ast
from collections.abc import Callable

from refkit.adapters.expressions import name_of

LOOPS = {"scan", "fori_loop", "while_loop", "map"}  # what they run takes less than they are given


def takers_of(tree: ast.AST, loss: ast.AST | None, is_label: Callable[[str], bool]) -> dict[str, tuple[int, str]]:
    """The loss and every function that names it or is around it, with the place and name of what each takes for labels."""
    found = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        within = list(ast.walk(function))
        names = {name_of(part) for part in within if isinstance(part, (ast.Name, ast.Attribute))}
        if loss is None or not (loss in within or getattr(loss, "name", "") in names):
            continue
        if any(isinstance(part, ast.Call) and name_of(part.func) in LOOPS for part in within):
            continue
        taken = [argument.arg for argument in function.args.args]
        places = [place for place, name in enumerate(taken) if is_label(name)]
        if len(places) == 1:
            found[function.name] = places[0], taken[places[0]]
    return found


def handed_in(statement: ast.stmt, takers: dict[str, tuple[int, str]]) -> list[ast.AST]:
    """The labels in the calls of a statement that has no statements in it."""
    if hasattr(statement, "body"):
        return []
    found = []
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call) and name_of(node.func) in takers):
        place, name = takers[name_of(call.func)]
        found += [keyword.value for keyword in call.keywords if keyword.arg == name]
        if len(call.args) > place and not any(isinstance(part, ast.Starred) for part in call.args):
            found.append(call.args[place])
    return found


def counted_in(scope: ast.AST) -> set[str]:
    """Names that loops of a scope bind: an index among them may take an axis away or only some of its rows."""
    loops = [node for node in ast.walk(scope) if isinstance(node, ast.For)]
    return {name.id for loop in loops for name in ast.walk(loop.target) if isinstance(name, ast.Name)}


def indexed_by(value: ast.AST, names: set[str]) -> bool:
    """Whether an expression takes an element at a place that one of the names says."""
    indices = [node.slice for node in ast.walk(value) if isinstance(node, ast.Subscript)]
    return any(isinstance(index, ast.Name) and index.id in names for index in indices)
