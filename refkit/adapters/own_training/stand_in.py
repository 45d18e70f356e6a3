"""What a training step seems to return, without being run: its state, moved, and numbers for losses."""

import ast
import re
from typing import Any

from refkit.adapters.own_training.reaching import moved
from refkit.adapters.parts.data_parameters import DATA

NUMBERS = re.compile(
    r"(.*_)?(loss|losses|l|value|val|acc|accuracy|metrics?|aux|logits|err|error|cost|nll|mse|grads?|norm|logs?|stats_out)"
    r"(_.*)?",
    re.IGNORECASE,
)


class Number(float):
    """A loss or a score, or a whole dict or array of them."""

    def __getitem__(self, key: Any) -> "Number":
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *positional, **named: self

    def __iter__(self):
        return iter((self, self))

    def items(self):
        return [("loss", self)]


def returned_stand_in(
    definition: ast.FunctionDef | None, given: dict[str, Any], roles: dict[str, str], kind: str, moves: bool = True
) -> Any:
    """Stands for what a function returns.

    Args:
        definition: the function; None where it is not known.
        given: its arguments by name.
        roles: of its parameters.
        kind: `step` or `score`.
        moves: whether a step moves what it was handed, so that it can be told from what it was before.
    """
    number = Number(0.5)
    states = {name: value for name, value in given.items() if roles.get(name, "") not in DATA and name != "self"}
    if kind == "step" and moves:
        states = {name: moved(value) for name, value in states.items()}
    if definition is None:
        return (*states.values(), number) if kind == "step" and states else number
    expression = last_returned(definition)
    if expression is None:
        return None
    local = {
        target.id: node.value
        for node in ast.walk(definition)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def stand_for(node: ast.AST, depth: int = 0) -> Any:
        if isinstance(node, (ast.Tuple, ast.List)):
            made = [stand_for(each, depth) for each in node.elts]
            return tuple(made) if isinstance(node, ast.Tuple) else made
        if isinstance(node, ast.Dict):
            return {
                key.value: stand_for(value, depth)
                for key, value in zip(node.keys, node.values)
                if isinstance(key, ast.Constant)
            }
        if isinstance(node, ast.Name):
            if NUMBERS.fullmatch(node.id):
                return number
            plain = re.sub(r"^(new|next|updated)_?|_?(new|next|updated|out|[0-9])$", "", node.id)
            for name in (node.id, plain):
                if name in states:
                    return states[name]
            if node.id in local and depth < 3:
                return stand_for(local[node.id], depth + 1)
        read = [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each.id in states]
        return states[read[0]] if read and kind == "step" and not isinstance(node, ast.Name) else number

    return stand_for(expression)


def last_returned(definition: ast.FunctionDef) -> ast.AST | None:
    """What the function itself returns, inner functions apart."""
    waiting, found = list(definition.body), None
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Return):
            found = node.value
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += list(ast.iter_child_nodes(node))
    return found
