"""Where a file calls a function of its own, and on what."""

import ast
import re

TRAINING = re.compile(r"(^|_)(tr|train|training)(_|$|x|y|ing)", re.IGNORECASE)


def calls_of(source: str, name: str) -> list[ast.Call]:
    """The calls of a function of the file by its own name."""
    last = name.rpartition(".")[2]
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == last
    ]


def only_on_training(source: str, name: str) -> bool:
    """Whether the file calls a function once only, on what its name says are training examples."""
    calls = calls_of(source, name)
    return len(calls) == 1 and bool(calls[0].args) and bool(TRAINING.search(ast.unparse(calls[0].args[0])))


def in_loop(source: str, name: str) -> bool:
    """Whether a function is called within a loop, as the batches of an epoch are."""
    last = name.rpartition(".")[2]
    return any(
        ast.unparse(node.func).rpartition(".")[2] == last
        for loop in ast.walk(ast.parse(source))
        if isinstance(loop, (ast.For, ast.While))
        for node in ast.walk(loop)
        if isinstance(node, ast.Call)
    )
