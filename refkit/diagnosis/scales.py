"""From the line that draws an initial value to the line of the number or the initializer that it only names."""

import ast
from collections.abc import Iterable, Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.tracing.trace import Site

SCALES = {"minval", "maxval", "scale", "stddev", "low", "high", "bound"}
NUMBERS = {"sqrt", "prod", "float", "max", "min", "sum"}
GIVEN = ("init", "initializer")  # how the argument's name ends


def scaling_site(site: Site | None) -> Site | None:
    """The line of the number that scales an initial value, where the line that draws it only names that number.

    `bound = 1 / math.sqrt(fan)` is to blame, not `uniform(key, shape, minval=-bound, maxval=bound)`.
    """
    function = None if site is None else function_around(site)
    if function is None:
        return site
    drawn = list(expressions_at(site, function))
    if any(isinstance(node, (ast.BinOp, ast.Call)) and is_arithmetic(node) for node in drawn):
        return site  # it reckons for itself
    used = {name for node in drawn for name in scales_in(node)}
    made = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and node.lineno < site.line and is_arithmetic(node.value)
        if used & {target.id for target in ast.walk(node.targets[0]) if isinstance(target, ast.Name)}
    ]
    return site_of(site, max(made, key=lambda node: node.lineno)) if made else site


def initializer_site(site: Site | None, well_made: Iterable[Site]) -> Site | None:
    """The line of the initializer, where the line that draws with it only names it: `init = normal(10.0)`.

    Args:
        well_made: lines that draw what begins well: an initializer that they name as well is not to blame.
    """
    if site is None:
        return None
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
