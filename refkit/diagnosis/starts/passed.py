"""What a call hands down to the line that draws an initial value, apart from key and shape.

Where a function draws one parameter well and another badly, the call is to blame if it hands down something else, as
another gain; if only key and shape differ, what the function makes of the shape is wrong.
"""

import ast
from collections.abc import Iterable, Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.tracing.trace import Site

Argument = tuple[ast.FunctionDef, str]
COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


def deciding_level(frames: tuple[Site, ...], draw: Site | None, twins: list[Site]) -> int:
    """Which of the lines decides on the scale of what is drawn.

    Args:
        frames: from the line that gives the parameter its numbers to the first that only this parameter has.
        draw: the call that draws random numbers on the innermost of them.
        twins: the lines that take its place on the way to parameters that the others draw well.
    """
    last = len(frames) - 1
    drawing = None if draw is None else call_at(draw, 2)
    if drawing is None or not same_function(draw, frames[0]):
        return last
    inner = functions_around(frames[0])
    sizes = arguments_behind(inner, sizes_of(drawing))
    scales = arguments_behind(inner, [statement_at(frames[0])]) - sizes
    level = 0
    for k in range(1, last + 1):
        if frames[k - 1].function.endswith(COMPREHENSIONS) and k < last:
            continue  # the line around a comprehension hands nothing down
        call = call_at(frames[k], 1)
        known = call is not None and (k < last or leads_to(call, frames[k - 1], scales | sizes))
        given = handed(call, inner, scales | sizes) if known else None
        if given is None:
            return last
        if k == last:
            mine = texts(given, scales)
            near = [twin for twin in twins if not mine or same_function(twin, frames[k])]
            return level if any(same_scales(twin, inner, scales, mine) for twin in near) else last
        inner = functions_around(frames[k])
        handed_scales = [value for argument, value in given.items() if argument in scales]
        outer_sizes = arguments_behind(inner, [value for argument, value in given.items() if argument in sizes])
        level = k if handed_scales else level
        sizes = (sizes - set(given)) | outer_sizes
        scales = ((scales - set(given)) | arguments_behind(inner, handed_scales)) - sizes
    return last


def leads_to(call: ast.Call, inner: Site, wanted: set[Argument]) -> bool:
    """Whether a call is of the function or class that the next line is in, or of one whose arguments are wanted."""
    return name_called(call) in {*inner.function.split("."), *(function.name for function, _ in wanted)}


def name_called(call: ast.Call) -> str:
    return ast.unparse(call.func).rsplit(".")[-1]


def same_scales(twin: Site, inner: list[ast.FunctionDef], scales: set[Argument], mine: dict[Argument, str]) -> bool:
    call = call_at(twin, 1)
    given = None if call is None else handed(call, inner, scales)
    return given is not None and texts(given, scales) == mine


def same_function(first: Site, second: Site) -> bool:
    return (first.file, first.function) == (second.file, second.function)


def texts(given: dict[Argument, ast.expr], wanted: set[Argument]) -> dict[Argument, str]:
    return {argument: ast.unparse(value) for argument, value in given.items() if argument in wanted}


def call_at(site: Site, fewest: int) -> ast.Call | None:
    """The smallest call that begins at a site and has so many arguments."""
    calls = [
        node
        for node in ast.walk(parsed(source_of(site.file)))
        if isinstance(node, ast.Call) and (node.lineno, node.col_offset) == (site.line, site.column)
        if len(node.args) + len(node.keywords) >= fewest
    ]
    return min(calls, key=lambda node: (node.end_lineno, node.end_col_offset), default=None)


def sizes_of(drawing: ast.Call) -> list[ast.expr]:
    """Key and shape of a call that draws, as of `normal(key, shape)` and `truncated_normal(key, -2, 2, shape)`."""
    named = [keyword.value for keyword in drawing.keywords if keyword.arg in ("key", "shape")]
    truncated = ast.unparse(drawing.func).endswith("truncated_normal") and len(drawing.args) > 3
    return [*named, *drawing.args[:1], *(drawing.args[3:4] if truncated else drawing.args[1:2])]


def statement_at(site: Site) -> ast.stmt | ast.Lambda:
    """The innermost statement or lambda around a line."""
    nodes = [
        node
        for node in ast.walk(parsed(source_of(site.file)))
        if isinstance(node, (ast.stmt, ast.Lambda)) and node.lineno <= site.line <= node.end_lineno
    ]
    return min(nodes, key=lambda node: node.end_lineno - node.lineno)


def functions_around(site: Site) -> list[ast.FunctionDef]:
    """Every function around a line, innermost first."""
    found = [
        node
        for node in ast.walk(parsed(source_of(site.file)))
        if isinstance(node, ast.FunctionDef) and node.lineno <= site.line <= node.end_lineno
    ]
    return sorted(found, key=lambda node: -node.lineno)


def arguments_behind(scopes: list[ast.FunctionDef], parts: Iterable[ast.AST]) -> set[Argument]:
    """The arguments of functions that expressions are reckoned from.

    Args:
        scopes: the functions around the expressions, innermost first.
    """
    names = {name for part in parts for name in names_in(part)}
    found: set[Argument] = set()
    for scope in scopes:
        bound = dict(bindings(scope))
        arguments = set(parameters(scope))
        todo, seen = list(names), set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in arguments:
                found.add((scope, name))
            for value in bound.get(name, ()):
                todo += names_in(value)
        names = seen - arguments - set(bound)
    return found


def names_in(part: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(part) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def bindings(function: ast.FunctionDef) -> Iterator[tuple[str, list[ast.expr]]]:
    """For every name that is bound in a function, what it is bound to."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets, value = [node.target], node.iter
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for name in (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
            found.setdefault(name.id, []).append(value)
    return iter(found.items())


def handed(call: ast.Call, scopes: list[ast.FunctionDef], wanted: set[Argument]) -> dict[Argument, ast.expr] | None:
    """What a call gives for each of the wanted arguments; None where it cannot be told.

    Args:
        scopes: the functions around the line that the call leads to, innermost first: it calls that one.
    """
    if any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords):
        return None
    makers = [function for function, _ in wanted]
    function = next((scope for scope in (*scopes, *makers) if scope.name == name_called(call)), None)
    function = function or (scopes[0] if scopes else None)
    if function is None:
        return None
    names = [name for name in parameters(function) if name not in ("self", "cls")]
    given = dict(zip(names, call.args)) | {each.arg: each.value for each in call.keywords}
    return {(function, name): value for name, value in given.items() if (function, name) in wanted}
