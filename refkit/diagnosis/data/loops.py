"""The loop around a line, where it decides how far the line gets."""

import ast
import re

SHUFFLES = re.compile(r"permut|shuffl")
MAKES_ORDER = re.compile(r"permut|shuffl|arange\((?!.*,.*,)|list\(range\(|choice\(")


def loop_above(source: str, line: int) -> int:
    """The line on which the range of the loop around a line is made; 0 where there is none.

    A loop over a name is followed to the line that bound the name last.
    """
    tree = ast.parse(source)
    loops = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= line <= node.end_lineno
    ]
    if not loops:
        return 0
    loop = max(loops, key=lambda node: node.lineno)
    if isinstance(loop, ast.While):
        return loop.lineno
    function = function_around(tree, line)
    names = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
    bound = [
        node
        for node in ast.walk(function or tree)
        if isinstance(node, ast.Assign)
        and node.lineno < loop.lineno
        and any(isinstance(t, ast.Name) and t.id in names for target in node.targets for t in ast.walk(target))
    ]
    counted = [
        node
        for node in bound
        if any(isinstance(part, (ast.FloorDiv, ast.Sub, ast.Slice)) for part in ast.walk(node.value))
    ]
    if counted and not any(isinstance(part, (ast.FloorDiv, ast.Sub, ast.Slice)) for part in ast.walk(loop.iter)):
        return counted[-1].lineno
    return loop.lineno


def left_early(source: str, line: int) -> int:
    """The line of a `break` or `return` in the loop around a line; 0 where there is none."""
    loops = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= line <= node.end_lineno
    ]
    loop = max(loops, key=lambda node: node.lineno, default=None)
    leaving = (
        [node.lineno for node in ast.walk(loop) if isinstance(node, (ast.Break, ast.Return))]
        if loop is not None
        else []
    )
    return leaving[0] if leaving else 0


def function_around(tree: ast.AST, line: int) -> ast.AST | None:
    """The innermost function that a line lies in."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= node.end_lineno
    ]
    return max(around, key=lambda node: node.lineno, default=None)


def loops_around(source: str, line: int) -> int:
    """How many loops a line lies in, within its function."""
    return len(enclosing_loops(ast.parse(source), line))


def enclosing_loops(tree: ast.AST, line: int) -> list[ast.AST]:
    """The loops around a line, the outermost first."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.For, ast.While)) and node.lineno <= line <= node.end_lineno
    ]
    return sorted(found, key=lambda node: node.lineno)


def order_made_in_loop(source: str, line: int) -> int:
    """The line in the outermost loop around a line that makes an order of all examples anew; 0 where none does.

    Who draws the order in every epoch means it to be another one in each.
    """
    loops = enclosing_loops(ast.parse(source), line)
    if not loops:
        return 0
    for node in loops[0].body:
        for part in ast.walk(node):
            if isinstance(part, ast.Assign) and MAKES_ORDER.search(ast.unparse(part.value)):
                return part.lineno
            if isinstance(part, ast.For) and MAKES_ORDER.search(ast.unparse(part.iter)):
                return part.lineno
    return 0


def shuffler_above(source: str, line: int) -> int:
    """The line on which a loop's data is had from a function or class of the file that can shuffle; 0 for none."""
    tree = ast.parse(source)
    defined = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    shuffling = {node.name for node in defined if SHUFFLES.search(ast.unparse(node))}
    for loop in reversed(enclosing_loops(tree, line)):
        made = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(loop, ast.For)
            and isinstance(node, ast.Assign)
            and calls_one_of(node.value, shuffling)
            and set().union(*map(names_in, node.targets)) & names_in(loop.iter)
        ]
        if isinstance(loop, ast.For) and calls_one_of(loop.iter, shuffling):
            return loop.lineno
        if made:
            return made[-1]
    return 0


def names_in(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def calls_one_of(node: ast.AST, names: set[str]) -> bool:
    return any(
        isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in names for call in ast.walk(node)
    )
