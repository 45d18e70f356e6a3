"""Where a file chooses its learning rate, or another number of its optimizer."""

import ast
import re
from collections.abc import Iterator

from refkit.diagnosis.steps.text import MAKES_OPTIMIZER, StepText, name_of

RATE = re.compile(r"(\w*_)?(lr|learning_?rate|step_?size|eta|alpha|rate)(_\w*)?", re.I)
NO_RATE = re.compile(r"drop|decay|momentum|keep|error|noise", re.I)
EPSILON = re.compile(r"(\w*_)?(eps|epsilon)(_\w*)?", re.I)


def rate_place(text: StepText, high: bool) -> ast.AST | None:
    """The largest, or the smallest, number that the file calls a learning rate or gives to an optimizer first."""
    found = [entry for entry in named_numbers(text.tree, RATE) if not NO_RATE.search(entry[0])]
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Call) and re.match(MAKES_OPTIMIZER, ast.unparse(node.func) + "("):
            found += [("", value, node) for value in map(number, node.args[:1]) if value]
    found = [entry for entry in found if entry[1] > 0]
    if not found:
        return text.optimizer_line()
    return (max if high else min)(found, key=lambda entry: entry[1])[2]


def named_numbers(tree: ast.Module, pattern: re.Pattern) -> Iterator[tuple[str, float, ast.AST]]:
    """Numbers that a file gives to names, by assignment, as a default or as an argument."""
    for node in ast.walk(tree):
        pairs: list[tuple[str, ast.AST | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(name_of(target), node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(name_of(node.target), node.value)]
        elif isinstance(node, ast.Call):
            pairs = [(keyword.arg or "", keyword.value) for keyword in node.keywords]
            option = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if isinstance(option, str):
                pairs += [(option.lstrip("-").replace("-", "_"), k.value) for k in node.keywords if k.arg == "default"]
        elif isinstance(node, (ast.FunctionDef, ast.Lambda)):
            given = node.args
            names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
            pairs = list(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
            pairs += [(a.arg, value) for a, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
        for name, value in pairs:
            if pattern.fullmatch(name) and (found := number(value)) is not None:
                yield name, found, value


def number(node: ast.AST | None) -> float | None:
    """The value of a number that is written down."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    return None
