"""Lines of a file by what is written there: where a table is looked up, labels are drawn, a loss compares."""

import ast
import re
from collections.abc import Iterator

import numpy as np

from refkit.adapters.parts.data_parameters import role_of
from refkit.diagnosis.data.loops import function_around
from refkit.diagnosis.data.recording import Step

DRAWS = {
    "random",
    "integers",
    "randint",
    "choice",
    "binomial",
    "bernoulli",
    "uniform",
    "normal",
    "randn",
    "rand",
    "categorical",
}
SOME_ONLY = re.compile(r"subset|subsampl|quick|debug|limit|small|few|max_(examples|samples)", re.I)
COMPARES = re.compile(r"\*\* ?2|square|l2_loss|mse|huber|abs\(", re.I)


def looks_up(source: str) -> int:
    """The line on which a table of embeddings is made or looked up; 0 for none."""
    lines = source.splitlines()
    for pattern in (
        r"\bEmbed(ding)?\(",
        r"\btake\(\s*\w*(params?|emb|table)",
        r"(emb\w*|table|vectors)[\"']?\]?\[\w+\]",
    ):
        found = [number for number, line in enumerate(lines, 1) if re.search(pattern, line.partition("#")[0])]
        if found:
            return found[0]
    return 0


def turns(source: str) -> int:
    """The line on which pictures are mirrored or turned; 0 for none, or for several."""
    for pattern in (r"::-1\]|::-1,|flip|rot90", r"swapaxes|\.T\b|transpose\("):
        lines = [
            number
            for number, line in enumerate(source.splitlines(), 1)
            if re.search(pattern, line.partition("#")[0]) and not line.lstrip().startswith(("def ", '"'))
        ]
        if lines:
            return lines[0] if len(lines) == 1 else 0
    return 0


def numbers_words(source: str) -> int:
    """The line on which words are given their numbers in order; 0 for none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.DictComp) and "enumerate(" in ast.unparse(node.generators[0].iter):
            return node.lineno
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "dict"
            and re.search(r"zip\(.*range\(", ast.unparse(node))
        ):
            return node.lineno
    return 0


def lines_drawing_labels(source: str) -> Iterator[int]:
    """Lines on which what is called a label is drawn at random."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and any(role_of(ast.unparse(target)) == "labels" for target in node.targets):
            called = [ast.unparse(call.func) for call in ast.walk(node.value) if isinstance(call, ast.Call)]
            if any(name.rpartition(".")[2] in DRAWS for name in called):
                yield node.lineno


def compares_targets(source: str) -> int:
    """The line on which a loss takes targets from answers; 0 for none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and re.search(r"loss|mse|error|objective|criterion", node.name, re.I):
            found = [
                part.lineno
                for part in ast.walk(node)
                if isinstance(part, ast.stmt)
                and not isinstance(part, ast.FunctionDef)
                and COMPARES.search(ast.unparse(part))
            ]
            if found:
                return min(found)
    return 0


def line_of(steps: list[Step], array: np.ndarray, source: str) -> int:
    """The line that gave an array, or called the function that gives it and other parts; 0 for none."""
    same = [
        step
        for step in steps
        if step.line
        and step.value.size == array.size
        and step.value.dtype.kind in "iuf"
        and np.allclose(step.value.ravel(), array.ravel(), rtol=1e-5, equal_nan=True)
    ]
    if not same:
        return 0
    tree = ast.parse(source)
    function = function_around(tree, same[0].line)
    name = getattr(function, "name", "")
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    ]
    return min(same, key=lambda step: step.depth).line if len(uses) > 1 else same[0].line


def slice_cut_short(source: str, line: int) -> int:
    """The line of a slice, in the function on a line, whose end is computed; 0 for none, or where that is meant."""
    function = next(
        (
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef)
            and line in (node.lineno, *(entry.lineno for entry in node.decorator_list))
        ),
        None,
    )
    if function is None or SOME_ONLY.search(ast.unparse(function)):
        return 0
    cut = [
        node.lineno for node in ast.walk(function) if isinstance(node, ast.Slice) and isinstance(node.upper, ast.BinOp)
    ]
    return min(cut, default=0)
