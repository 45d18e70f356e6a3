"""From the line that draws an initial value to the line of the number or the initializer that it only names."""

import ast
from collections.abc import Iterable, Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.starts.passed import call_at, handed, leads_to, parameters
from refkit.tracing.trace import Site

SCALES = {"minval", "maxval", "scale", "stddev", "low", "high", "bound"}
NUMBERS = {"sqrt", "prod", "float", "max", "min", "sum"}
GIVEN = ("init", "initializer")  # how the argument's name ends


def scaling_site(frames: tuple[Site, ...], own: Site) -> Site:
    """The line of the number that scales an initial value, where the line that draws it only names that number.

    `bound = 1 / math.sqrt(fan)` is to blame, not `uniform(key, shape, minval=-bound, maxval=bound)`, be it in the same
    function or in the one that hands `bound` on.

    Args:
        frames: the lines that lead to what is drawn, innermost first.
        own: the one among them that is to blame, or one further out.
    """
    least = frames.index(own) if own in frames else 0
    level, found = 0, own
    names: set[str] | None = None
    for level, site in enumerate(frames):
        function = function_around(site)
        if function is None or (names is None and reckons(site, function)):
            break
        names = scales_named(site, function) if names is None else names
        made = [node for node in numbers_made(function) if node.lineno < site.line and bound_names(node) & names]
        if made:
            found = site_of(site, max(made, key=lambda node: node.lineno))
            break
        value = handed_scale(frames[level : level + 2], function, names)
        if value is None:
            break
        if not isinstance(value, ast.Name):
            level, found = level + 1, frames[level + 1]
            break
        names = {value.id}
    return found if level >= least else own


def reckons(site: Site, function: ast.FunctionDef) -> bool:
    drawn = expressions_at(site, function)
    return any(isinstance(node, (ast.BinOp, ast.Call)) and is_arithmetic(node) for node in drawn)


def scales_named(site: Site, function: ast.FunctionDef) -> set[str]:
    return {name for node in expressions_at(site, function) for name in scales_in(node)}


def numbers_made(function: ast.FunctionDef) -> Iterator[ast.Assign]:
    """Where a function reckons with numbers, or writes one down, and gives it a name."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and (is_arithmetic(node.value) or is_number(node.value)):
            yield node


def bound_names(node: ast.Assign) -> set[str]:
    return {target.id for target in ast.walk(node.targets[0]) if isinstance(target, ast.Name)}


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def handed_scale(frames: tuple[Site, ...], function: ast.FunctionDef, names: set[str]) -> ast.expr | None:
    """What the line that called a function gave for the one argument that scales, if it did."""
    wanted = {(function, name) for name in names & set(parameters(function))}
    call = call_at(frames[1], 1) if len(wanted) == 1 and len(frames) > 1 else None
    given = handed(call, [function], wanted) if call is not None and leads_to(call, frames[0], wanted) else None
    return next(iter(given.values()), None) if given else None


def initializer_site(site: Site, well_made: Iterable[Site]) -> Site:
    """The line of the initializer, where the line that draws with it only names it: `init = normal(10.0)`.

    Args:
        well_made: lines that draw what begins well: an initializer that they name as well is not to blame.
    """
    named = definitions(site)
    good = [node for other in well_made if other.file == site.file for node in definitions(other)]
    return site_of(site, named[0]) if named and all(named[0] is not node for node in good) else site


def site_of(site: Site, node: ast.stmt) -> Site:
    return Site(site.file, node.lineno, node.end_lineno, node.col_offset, site.function)


def function_around(site: Site) -> ast.FunctionDef | None:
    tree = parsed(source_of(site.file))
    around = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and spans(node, site.line)]
    return max(around, key=lambda node: node.lineno, default=None)


def spans(node: ast.AST, line: int) -> bool:
    return node.lineno <= line <= node.end_lineno


def expressions_at(site: Site, scope: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(scope):
        if isinstance(node, ast.expr) and site.line <= node.lineno and node.end_lineno <= site.end_line:
            yield node


def definitions(site: Site) -> list[ast.Assign]:
    """Where the initializers that a line names are made: in the function around it, or in the module."""
    function, tree = function_around(site), parsed(source_of(site.file))
    names = {name for node in expressions_at(site, tree) for name in initializers_in(node)}
    found = []
    for name in sorted(names):
        for scope in filter(None, (function, tree)):
            bound = [node for node in body_of(scope) if binds(node, name)]
            if bound:
                found += [node for node in bound if len(bound) == 1 and isinstance(node.value, ast.Call)]
                break
    return found


def body_of(scope: ast.AST) -> Iterator[ast.AST]:
    return iter(scope.body) if isinstance(scope, ast.Module) else ast.walk(scope)


def binds(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in node.targets
    )


def initializers_in(node: ast.expr) -> set[str]:
    """Names that an expression calls with a key and a shape, or gives a layer to draw its kernel with."""
    if not isinstance(node, ast.Call):
        return set()
    given = {keyword.value for keyword in node.keywords if keyword.arg and keyword.arg.endswith(GIVEN)}
    given = {each for each in given if not is_of_bias(node, each)}
    called = {node.func} if len(node.args) > 1 else set()
    return {each.id for each in given | called if isinstance(each, ast.Name)}


def is_of_bias(call: ast.Call, value: ast.expr) -> bool:
    return any(keyword.value is value and keyword.arg.startswith("b") for keyword in call.keywords)


def scales_in(node: ast.expr) -> set[str]:
    """Names that an expression multiplies, divides or bounds by, shapes apart."""
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        parts = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.operand]
    elif isinstance(node, ast.Call):
        parts = [keyword.value for keyword in node.keywords if keyword.arg in SCALES]
    else:
        return set()
    return {part.id for part in parts if isinstance(part, ast.Name)}


def is_arithmetic(node: ast.expr) -> bool:
    """Whether an expression only reckons with numbers: operators, roots, items of a shape."""
    if isinstance(node, ast.Tuple):
        return all(map(is_arithmetic, node.elts))
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    plain = all(ast.unparse(call.func).rsplit(".")[-1] in NUMBERS for call in calls)
    return plain and isinstance(node, (ast.BinOp, ast.Call, ast.Subscript))
