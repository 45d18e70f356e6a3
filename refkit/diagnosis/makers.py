"""Which of the lines that lead to an initial value is to blame."""

import ast
import functools
from collections.abc import Iterable, Iterator

from refkit.diagnosis.sources import parsed, source_of
from refkit.tracing.trace import Site

SCALES = {"minval", "maxval", "scale", "stddev", "low", "high", "bound"}
NUMBERS = {"sqrt", "prod", "float", "max", "min", "sum"}
LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def where(site: Site) -> tuple[str, int]:
    return site.file, site.line


def own_frame(frames: tuple[Site, ...], others: Iterable[tuple[Site, ...]]) -> Site | None:
    """The innermost line that has no part in the others; where all have, the innermost.

    What a line of a function makes well for other parameters, it does not make wrong: the line that calls it does.
    """
    shared = {where(site) for other in others for site in other}
    return next((site for site in frames if where(site) not in shared), frames[0] if frames else None)


def parting_frame(drawings: list[tuple[Site, ...]]) -> Site | None:
    """Of drawings in their order, the innermost line of the first that is not one of the drawing before everything.

    Where all were drawn by the same lines, the innermost one that runs in a loop.
    """
    first, *later = [frames for frames in drawings if frames] or [()]
    for frames in later:
        site = own_frame(frames, [first])
        if site is not None and where(site) not in {where(other) for other in first}:
            return site
    looped = (site for site in first if site.line in looping_lines(source_of(site.file)))
    return next(looped, first[0] if first else None)


def constructing_frames(frames: tuple[Site, ...], path: str) -> tuple[Site, ...]:
    """With the line of a Linen module's `setup` before the line that first calls what was made there."""
    if not frames:
        return frames
    site, tree = frames[0], parsed(source_of(frames[0].file))
    owner = site.function.rpartition(".")[0].rpartition(".")[2]
    for method in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner):
        for node in ast.walk(method):
            if isinstance(node, ast.FunctionDef) and node.name == "setup":
                for name, line, end_line in attributes_made(node):
                    if {name, f"{name}_0"} & {*path.split(".")} and line != site.line:
                        return (Site(site.file, line, end_line, function=f"{owner}.setup"), *frames)
    return frames


def attributes_made(function: ast.FunctionDef) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr, node.lineno, node.end_lineno


@functools.lru_cache(maxsize=64)
def looping_lines(source: str) -> frozenset[int]:
    """Lines inside a loop or a comprehension."""
    nodes = [node for node in ast.walk(parsed(source)) if isinstance(node, LOOPS)]
    return frozenset(line for node in nodes for line in range(node.lineno, node.end_lineno + 1))


def scaling_site(site: Site | None) -> Site | None:
    """The line of the number that scales an initial value, where the line that draws it only names that number.

    `bound = 1 / math.sqrt(fan)` is to blame, not `uniform(key, shape, minval=-bound, maxval=bound)`.
    """
    if site is None:
        return None
    tree = parsed(source_of(site.file))
    around = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and spans(node, site.line)]
    if not around:
        return site
    function = max(around, key=lambda node: node.lineno)
    drawn = [node for node in ast.walk(function) if isinstance(node, ast.expr) and spans(node, site.line)]
    drawn = [node for node in drawn if node.lineno >= site.line and node.end_lineno <= site.end_line]
    if any(isinstance(node, (ast.BinOp, ast.Call)) and is_arithmetic(node) for node in drawn):
        return site  # it reckons for itself
    used = {name for node in drawn for name in scales_in(node)}
    made = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and node.lineno < site.line and is_arithmetic(node.value)
        if used & {target.id for target in ast.walk(node.targets[0]) if isinstance(target, ast.Name)}
    ]
    if not made:
        return site
    last = max(made, key=lambda node: node.lineno)
    return Site(site.file, last.lineno, last.end_lineno, last.col_offset, site.function)


def spans(node: ast.AST, line: int) -> bool:
    return node.lineno <= line <= node.end_lineno


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


def naming_frame(file: str, path: str) -> tuple[Site, ...]:
    """The line that names a parameter, for one that no traced step has made: an array of NumPy's.

    Args:
        path: as your tree has it: the line names its last word as an attribute, a keyword, a variable or a key, or
            begins it, as `params["U_" + gate]` does.
    """
    tree = parsed(source_of(file))
    found = list(namings(tree))
    for word in reversed([word for word in path.split(".") if not word.isdigit()]):
        exact = [line for name, line, _ in found if name == word]
        begun = [line for name, line, joined in found if joined and name and word.startswith(name)]
        for line in (*exact, *begun):
            return (Site(file, line, line),)
    return stacked_frame(file, tree, path)


def stacked_frame(file: str, tree: ast.Module, path: str) -> tuple[Site, ...]:
    """The line of a layer in a stax `serial(...)`, whose parameters go by the layer's number alone."""
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and is_serial(node)]
    layer = whole[0] if whole else None
    for word in path.split("."):
        if not (isinstance(layer, ast.Call) and is_serial(layer) and word.isdigit() and int(word) < len(layer.args)):
            break
        layer = layer.args[int(word)]
    return (Site(file, layer.lineno, layer.end_lineno),) if layer is not None and layer not in whole else ()


def is_serial(call: ast.Call) -> bool:
    return ast.unparse(call.func).rsplit(".")[-1] == "serial"


def namings(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """Every name that is given a value, with its line, and whether more of the name may follow."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            yield (node.attr if isinstance(node, ast.Attribute) else node.id), node.lineno, False
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value.lineno, False
        elif isinstance(node, ast.Dict):
            yield from (
                (key.value, key.lineno, False)
                for key in node.keys
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            begun = not isinstance(node.slice, ast.Constant)
            word = next((part for part in ast.walk(node.slice) if isinstance(part, ast.Constant)), None)
            if word is not None and isinstance(word.value, str):
                yield word.value, node.lineno, begun
