"""What in a file chooses the parameters that an optimizer leaves out: a label function, a mask, a filter."""

import ast
import re
from collections.abc import Iterator

from refkit.diagnosis.steps.text import FUNCTIONS, StepText, name_of

PLAIN = re.compile(r"wrt=\(?(nnx\.)?Param\)?|DiffState\(\w+, (nnx\.)?Param\)")  # all parameters: nothing is left out
CHOICES = {  # which argument says what is left out: its position, and its name
    "multi_transform": (1, "param_labels"),
    "partition": (1, "param_labels"),
    "masked": (1, "mask"),
    "Optimizer": (2, "wrt"),
    "DiffState": (1, "filter"),
}
MAPS = ("map", "tree_map", "tree_map_with_path", "map_with_path")


def chosen_by(statement: ast.AST | None, held: tuple[str, ...], paths: list[str], text: StepText) -> ast.AST | None:
    """What says which parameters are held, as near to them as the file's text goes; None where nothing does.

    Args:
        statement: which hands it to an optimizer or to what takes the gradients.
        held: paths of the parameters that stay.
        paths: of all.
    """
    if statement is None:
        return None
    for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
        place, name = CHOICES.get(name_of(call.func), (None, ""))
        if place is None or PLAIN.search(ast.unparse(call)):
            continue
        given = next((k.value for k in call.keywords if k.arg == name), None)
        given = given if given is not None else next(iter(call.args[place : place + 1]), None)
        if given is not None:
            return telling(list(resolved(given, text)), held, paths) or call
    return None


def resolved(given: ast.AST, text: StepText, depth: int = 0) -> Iterator[ast.AST]:
    """An expression and what the file says of its names: functions, and statements that give them their values."""
    yield given
    for node in ast.walk(given) if depth < 4 else ():
        name = node.id if isinstance(node, ast.Name) else ""
        if name in text.functions:
            yield text.functions[name]
            continue
        for other in ast.walk(text.tree) if name else ():
            if isinstance(other, ast.Assign) and any(name_of(target) == name for target in other.targets):
                yield other
                yield from list(resolved(other.value, text, depth + 1))[1:]


def telling(places: list[ast.AST], held: tuple[str, ...], paths: list[str]) -> ast.AST | None:
    """The part that names what is held; else the last return of a function, else the expression or statement itself."""
    words = {word for path in held for word in re.split(r"\W+", path)} - {""}
    others = {word for path in paths if path not in held for word in re.split(r"\W+", path)}
    for wanted in (words - others, others - words, words):
        for place in places:
            named = [
                node for node in ast.walk(place) if isinstance(node, ast.Constant) and is_named(node.value, wanted)
            ]
            if named:
                return around(min(named, key=lambda node: node.lineno), place)
    for place in reversed(places):
        if isinstance(place, FUNCTIONS):
            returned = [node for node in ast.walk(place) if isinstance(node, ast.Return)]
            return max(returned, key=lambda node: node.lineno, default=place)
    lambdas = [node for place in places for node in ast.walk(place) if isinstance(node, ast.Lambda)]
    return next(iter(lambdas), places[-1] if places else None)


def is_named(value: object, words: set[str]) -> bool:
    return isinstance(value, str) and any(value == word or len(value) > 2 and word.startswith(value) for word in words)


def around(constant: ast.Constant, place: ast.AST) -> ast.AST:
    """The statement of one line, or the test, of a function around a constant; else the constant itself."""
    if not isinstance(place, FUNCTIONS):
        return constant
    parts = [node for node in ast.walk(place) if any(inner is constant for inner in ast.walk(node))]
    simple = [node for node in parts if isinstance(node, (ast.Assign, ast.Return, ast.Expr, ast.AugAssign))]
    short = [node for node in simple if node.lineno == node.end_lineno]
    tests = [node.test for node in parts if isinstance(node, ast.If)]
    return next((node for node in [*short, *tests] if any(inner is constant for inner in ast.walk(node))), constant)
