"""Which axis of the data that a file draws has the examples: the one that the labels computed from them keep."""

import ast

Axes = tuple  # one entry an axis: the draw that it comes from and its place there, or None for one that is new

DRAWING = {"normal", "uniform", "random", "integers", "randint", "bernoulli", "standard_normal", "truncated_normal"}
REDUCING = {"mean", "sum", "max", "min", "argmax", "argmin", "prod", "any", "all", "std", "var", "median"}
ELEMENTWISE = {
    "floor",
    "ceil",
    "round",
    "clip",
    "astype",
    "abs",
    "sign",
    "sqrt",
    "square",
    "exp",
    "tanh",
    "sin",
    "cos",
    "asarray",
    "array",
    "zeros_like",
    "ones_like",
    "minimum",
    "maximum",
    "logical_and",
    "logical_or",
    "cumsum",
    "copy",
}
TURNING = {"transpose", "swapaxes", "moveaxis", "rearrange", "T", "mT"}


def examples_axis(tree: ast.Module, model: list[ast.AST]) -> int | None:
    """0 where the file's data come with examples first, 1 where they come second; None where that does not show.

    Args:
        tree: the file's.
        model: the definitions that the model is made of. Where anything else turns axes, nothing is said: data may be turned
            between their making and their use.
    """
    inside = {id(part) for definition in model for part in ast.walk(definition)}
    outside = [part for part in ast.walk(tree) if id(part) not in inside]
    if any(called(part) in TURNING for part in outside if isinstance(part, (ast.Attribute, ast.Name))):
        return None
    own = {part.name for part in ast.walk(tree) if isinstance(part, ast.FunctionDef)}
    scopes = [part for part in outside if isinstance(part, (ast.Module, ast.FunctionDef))]
    votes = {vote for scope in scopes for vote in votes_of(scope, own)}
    return votes.pop() if len(votes) == 1 else None


def votes_of(scope: ast.AST, own: set[str]) -> set[int]:
    """The place, among the first two axes of what is drawn, of the axis that labels have first, wherever both are handed on."""
    known: dict[str, Axes] = {}
    votes: set[int] = set()
    for part in statements_of(scope):
        for together in handed_on(part, own):
            found = [axes_of(entry, known) for entry in together]
            pairs = [(a, b) for k, a in enumerate(found) for b in found[k + 1 :] if a and b and len(b) < len(a)]
            votes |= {a.index(b[0]) for a, b in pairs if b[0] is not None and b[0] in a[:2]}
        if isinstance(part, ast.Assign) and len(part.targets) == 1:
            bind(part.targets[0], part.value, known)
    return votes


def statements_of(scope: ast.AST) -> list[ast.stmt]:
    """The simple statements of a scope in their order, those of loops and branches with them."""
    found = []
    for part in scope.body:
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            continue
        nested = [block for name in ("body", "orelse") for block in [getattr(part, name, None)] if block]
        found += [part] if not nested else []
        for block in nested:
            found += statements_of(ast.Module(block, []))
    return found


def handed_on(part: ast.stmt, own: set[str]) -> list[list[ast.AST]]:
    """What is returned together, and what one of the file's functions is given together."""
    calls = [list(node.args) for node in ast.walk(part) if isinstance(node, ast.Call) and called(node.func) in own]
    return calls + ([part.value.elts] if isinstance(part, ast.Return) and isinstance(part.value, ast.Tuple) else [])


def bind(target: ast.AST, value: ast.AST, known: dict[str, Axes]):
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for name, entry in zip(target.elts, value.elts):
            bind(name, entry, known)
    for name in ast.walk(target):
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store) and not isinstance(target, ast.Tuple):
            known[name.id] = axes_of(value, known)


def axes_of(node: ast.AST, known: dict[str, Axes]) -> Axes | None:
    """The axes of an expression, as far as it is made of what was drawn."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.UnaryOp):
        return axes_of(node.operand, known)
    if isinstance(node, ast.BinOp):
        return longest([node.left, node.right], known)
    if isinstance(node, ast.Compare):
        return longest([node.left, *node.comparators], known)
    if isinstance(node, ast.Subscript):
        return taken(axes_of(node.value, known), node.slice)
    return axes_of_call(node, known) if isinstance(node, ast.Call) else None


def axes_of_call(node: ast.Call, known: dict[str, Axes]) -> Axes | None:
    name, keywords = called(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
    of_array = isinstance(node.func, ast.Attribute) and axes_of(node.func.value, known) is not None
    given = [*([node.func.value] if of_array else []), *node.args]
    if name in DRAWING and not of_array:
        shape = keywords.get("shape", keywords.get("size"))
        shape = shape or next((entry for entry in node.args if isinstance(entry, (ast.Tuple, ast.List))), None)
        return (
            tuple((id(node), k) for k in range(len(shape.elts))) if isinstance(shape, (ast.Tuple, ast.List)) else None
        )
    if name == "where":
        return longest(given, known)
    if not given:
        return None
    if name == "stack" and isinstance(given[0], (ast.Tuple, ast.List)):
        parts, axis = (
            longest(given[0].elts, known),
            number(keywords.get("axis", given[1] if len(given) > 1 else None), 0),
        )
        return None if parts is None or axis is None else inserted(parts, axis)
    axes = axes_of(given[0], known)
    if axes is None or name in ELEMENTWISE:
        return axes
    if name == "one_hot":
        return (*axes, None)
    if name in REDUCING:
        axis = number(keywords.get("axis", given[1] if len(given) > 1 else None), None)
        return None if axis is None or not -len(axes) <= axis < len(axes) else without(axes, axis)
    return None


def called(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def longest(nodes: list[ast.AST], known: dict[str, Axes]) -> Axes | None:
    """The axes of what several operands are broadcast to."""
    return max((axes for node in nodes if (axes := axes_of(node, known)) is not None), key=len, default=None)


def taken(axes: Axes | None, index: ast.AST) -> Axes | None:
    """The axes that slices and numbers leave: `x[:, :, 0]`."""
    if axes is None:
        return None
    entries = list(index.elts) if isinstance(index, ast.Tuple) else [index]
    if len(entries) > len(axes):
        return None
    left: list = []
    for axis, entry in zip(axes, entries):
        if isinstance(entry, ast.Slice):
            left.append(axis)
        elif number(entry, None) is None:
            return None
    return (*left, *axes[len(entries) :])


def number(node: ast.AST | None, otherwise: int | None) -> int | None:
    """A whole number of the text; `otherwise` where there is none, None where it is anything else."""
    if node is None:
        return otherwise
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if type(value) is int else None


def inserted(axes: Axes, axis: int) -> Axes:
    place = axis if axis >= 0 else len(axes) + 1 + axis
    return (*axes[:place], None, *axes[place:])


def without(axes: Axes, axis: int) -> Axes:
    place = axis % len(axes)
    return (*axes[:place], *axes[place + 1 :])
