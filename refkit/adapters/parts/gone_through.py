"""What a loop goes through, however it is wrapped."""

import ast
from collections.abc import Iterator

from refkit.adapters.expressions import name_of


def gone_through(iterated: ast.AST, target: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names that a loop goes through, each with what it binds: also inside `enumerate`, `zip`, `tqdm` and the like."""
    if isinstance(iterated, ast.Name):
        yield iterated.id, target
    elif isinstance(iterated, ast.Call):
        called = name_of(iterated.func)
        elements = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
        if called == "enumerate" and len(elements) == 2 and iterated.args:
            yield from gone_through(iterated.args[0], elements[1])
        elif called == "zip" and len(elements) == len(iterated.args):
            for inner, element in zip(iterated.args, elements, strict=True):
                yield from gone_through(inner, element)
        elif called in ("tqdm", "iter", "list", "islice", "trange") and iterated.args:
            yield from gone_through(iterated.args[0], target)
        elif isinstance(iterated.func, ast.Attribute) and called in ("as_numpy_iterator", "batch", "prefetch", "items"):
            yield from gone_through(iterated.func.value, target)
        elif isinstance(iterated.func, ast.Name) and not iterated.args:
            yield iterated.func.id, target
