"""A file that is run as a script: what its `if __name__ == "__main__":` defines is defined at its top."""

import ast
import dataclasses

from refkit.loading.effects import is_main_guard
from refkit.loading.source import Source

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def as_script(source: Source) -> Source:
    """The file as it is when it is run: a main block that defines functions or classes is taken apart into the module.

    Only the syntax tree changes: line numbers stay, and what runs by need is chosen from its statements as from any. A
    main block that only calls what is defined above it stays as it is.
    """
    body: list[ast.stmt] = []
    opened = False
    for node in source.tree.body:
        if defines(node):
            body += node.body
            opened = True
        else:
            body.append(node)
    return (
        dataclasses.replace(source, tree=ast.Module(body, source.tree.type_ignores), whole=source.tree)
        if opened
        else source
    )


def defines(node: ast.stmt) -> bool:
    """Whether a statement is a main block with definitions of its own."""
    guard = isinstance(node, ast.If) and is_main_guard(node.test) and not node.orelse
    return guard and any(isinstance(inner, DEFINITIONS) for inner in node.body)
