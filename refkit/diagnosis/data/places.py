"""Lines of a file by what is written there: where a table is looked up, where labels are drawn, where a loss compares."""

import ast
import re
from collections.abc import Iterator

from refkit.adapters.parts.data_parameters import role_of

DRAWS = {"random", "integers", "randint", "choice", "binomial", "bernoulli", "uniform", "normal", "randn", "rand", "categorical"}
COMPARES = re.compile(r"\*\* ?2|square|l2_loss|mse|huber|abs\(", re.I)


def looks_up(source: str) -> int:
    """The line on which a table of embeddings is made or looked up; 0 for none."""
    lines = source.splitlines()
    for pattern in (r"\bEmbed(ding)?\(", r"\btake\(\s*\w*(params?|emb|table)", r"(emb\w*|table|vectors)[\"']?\]?\[\w+\]"):
        found = next((number for number, line in enumerate(lines, 1) if re.search(pattern, line) and not line.lstrip().startswith("#")), 0)
        if found:
            return found
    return 0


def numbers_words(source: str) -> int:
    """The line on which words are given their numbers in order; 0 for none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.DictComp) and "enumerate(" in ast.unparse(node.generators[0].iter):
            return node.lineno
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "dict" and re.search(r"zip\(.*range\(", ast.unparse(node)):
            return node.lineno
    return 0


def lines_drawing_labels(source: str) -> Iterator[int]:
    """Lines on which what is called a label is drawn at random."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and any(role_of(ast.unparse(target)) == "labels" for target in node.targets):
            if any(isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in DRAWS for call in ast.walk(node.value)):
                yield node.lineno


def compares_targets(source: str) -> int:
    """The line on which a loss takes targets from answers; 0 for none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and re.search(r"loss|mse|error|objective|criterion", node.name, re.I):
            found = [part.lineno for part in ast.walk(node) if isinstance(part, ast.stmt) and not isinstance(part, ast.FunctionDef)
                     and COMPARES.search(ast.unparse(part))]
            if found:
                return min(found)
    return 0
