"""How many axes the arrays of a file have, read off its text: enough to tell targets `(batch,)` from `(batch, 1)`."""

import ast

from refkit.adapters.expressions import name_of

FILLED = {"zeros": 0, "ones": 0, "empty": 0, "full": 0, "zeros_like": None, "random": 0, "rand": None, "randn": None}
DRAWN = {
    "uniform",
    "normal",
    "integers",
    "randint",
    "choice",
    "standard_normal",
    "bernoulli",
    "binomial",
    "random_sample",
}
REDUCED = {"sum", "mean", "prod", "max", "min", "any", "all", "argmax", "argmin", "std", "var", "nansum"}
SAME = frozenset(
    (
        "astype copy asarray array float32 float64 int32 int64 abs absolute sqrt square exp log sin cos tanh sign"
        " round clip cumsum flip roll concatenate hstack ascontiguousarray device_put block_until_ready maximum"
        " minimum add multiply subtract divide tile mod floor nan_to_num transform fit_transform"
    ).split()
)
VECTORS = {"target", "labels"}


def rank_of(node: ast.AST, bound: dict[str, ast.AST], depth: int = 0) -> int | None:
    """Axes of an expression's value, None where the text does not tell.

    Args:
        bound: what names were last assigned.
    """
    if depth > 12:
        return None
    inner = lambda child: rank_of(child, bound, depth + 1)
    if isinstance(node, ast.Constant):
        return 0 if isinstance(node.value, (int, float)) else None
    if isinstance(node, ast.Name):
        value = bound.get(node.id)
        return inner(value) if value is not None and value is not node else None
    if isinstance(node, ast.BinOp):
        return widest(inner(node.left), inner(node.right))
    if isinstance(node, ast.Compare):
        return widest(inner(node.left), inner(node.comparators[0]))
    if isinstance(node, ast.UnaryOp):
        return inner(node.operand)
    if isinstance(node, ast.IfExp):
        return inner(node.body)
    if isinstance(node, ast.Attribute):
        return 1 if node.attr in VECTORS else inner(node.value) if node.attr == "T" else None
    if isinstance(node, ast.Subscript):
        return rank_of_index(node, inner)
    if isinstance(node, ast.Call):
        return rank_of_call(node, inner, bound)
    return None


def widest(left: int | None, right: int | None) -> int | None:
    """Rank after broadcasting; an unknown side is taken for a scalar beside a known array."""
    known = [rank for rank in (left, right) if rank is not None]
    return max(known) if len(known) == 2 or (known and known[0] > 0) else None


def rank_of_index(node: ast.Subscript, inner) -> int | None:
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return 1 if node.slice.value in VECTORS else None
    rank = inner(node.value)
    entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    new = [entry for entry in entries if is_new_axis(entry)]
    if rank is None:
        return 2 if new and len(entries) == 2 and isinstance(entries[0], ast.Slice) else None
    numbers = [
        entry
        for entry in entries
        if isinstance(entry, ast.UnaryOp) or (isinstance(entry, ast.Constant) and isinstance(entry.value, int))
    ]
    chosen = [
        entry for entry in entries if isinstance(entry, (ast.Name, ast.Call, ast.BinOp, ast.Subscript, ast.Compare))
    ]
    return rank + len(new) - len(numbers) - max(len(chosen) - 1, 0)


def is_new_axis(entry: ast.AST) -> bool:
    return (isinstance(entry, ast.Constant) and entry.value is None) or name_of(entry) == "newaxis"


def rank_of_call(node: ast.Call, inner, bound: dict[str, ast.AST]) -> int | None:
    name, keywords = name_of(node.func), {keyword.arg: keyword.value for keyword in node.keywords}
    method = isinstance(node.func, ast.Attribute) and not is_library(node.func.value)
    operand = node.func.value if method else node.args[0] if node.args else None
    arguments = node.args if method else node.args[1:]
    if name in FILLED or name in DRAWN:
        return rank_of_shape(node, keywords, name, bound)
    if name == "reshape":
        return rank_of_reshape(arguments)
    if name in REDUCED:
        rank = inner(operand) if operand is not None else None
        return rank_of_reduction(rank, arguments, keywords)
    if name in SAME:
        found = inner(operand) if operand is not None else None
        return found
    if name in ("ravel", "flatten", "arange", "linspace", "permutation"):
        return 1
    if name == "expand_dims" and operand is not None:
        rank = inner(operand)
        return None if rank is None else rank + 1
    if name == "squeeze" and operand is not None:
        rank = inner(operand)
        return None if rank is None else max(rank - 1, 0)
    if name in ("one_hot", "stack") and operand is not None:
        inside = operand.elts[0] if isinstance(operand, (ast.List, ast.Tuple)) and operand.elts else operand
        rank = inner(inside)
        return None if rank is None else rank + 1
    if name == "where" and len(node.args) == 3:
        return widest(inner(node.args[1]), inner(node.args[2]))
    if name == "einsum" and node.args and isinstance(node.args[0], ast.Constant) and "->" in str(node.args[0].value):
        return len(str(node.args[0].value).split("->")[1].strip())
    return None


def is_library(node: ast.AST) -> bool:
    """Whether what stands before the dot is a module, as in `np.sum(x)`, rather than an array."""
    return (
        isinstance(node, ast.Name)
        and node.id in ("np", "jnp", "numpy", "jax", "random", "rng", "onp", "nn", "lax")
        or (isinstance(node, ast.Attribute) and node.attr in ("numpy", "random", "nn"))
    )


def rank_of_shape(node: ast.Call, keywords: dict, name: str, bound: dict[str, ast.AST]) -> int | None:
    shape = keywords.get("size", keywords.get("shape"))
    if shape is None:
        tuples = [argument for argument in node.args if isinstance(argument, (ast.Tuple, ast.List))]
        if tuples:
            shape = tuples[-1]
        elif name in ("rand", "randn"):
            return len(node.args)
        elif name in FILLED and node.args:
            shape = node.args[0]
        elif name in ("integers", "randint", "uniform", "normal") and len(node.args) == 3:
            shape = node.args[2]
    if isinstance(shape, ast.Name):
        shape = bound.get(shape.id, None if "shape" in shape.id else ast.Constant(1))
    if isinstance(shape, (ast.Tuple, ast.List)):
        return None if any(isinstance(entry, ast.Starred) for entry in shape.elts) else len(shape.elts)
    return 1 if isinstance(shape, (ast.Constant, ast.Call)) else None


def rank_of_reshape(arguments: list[ast.AST]) -> int | None:
    if len(arguments) == 1 and isinstance(arguments[0], (ast.Tuple, ast.List)):
        arguments = arguments[0].elts
    if not arguments or any(isinstance(argument, ast.Starred) for argument in arguments):
        return None
    return len(arguments)


def rank_of_reduction(rank: int | None, arguments: list[ast.AST], keywords: dict) -> int | None:
    keep = keywords.get("keepdims")
    axis = keywords.get("axis", arguments[0] if arguments else None)
    if isinstance(keep, ast.Constant) and keep.value:
        return 2 if rank is None else rank
    if axis is None:
        return 0
    if rank is None:
        return None
    return rank - (len(axis.elts) if isinstance(axis, ast.Tuple) else 1)
