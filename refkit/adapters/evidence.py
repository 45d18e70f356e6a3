"""What the text of the user's file says of its inputs: dummy shapes, layouts in comments, how it constructs its model."""

import ast
import dataclasses
import functools
import re

from refkit.adapters.names import MISSING, Names

TIME_FIRST = re.compile(
    r"\(\s*(t|time|seq_len|steps|seq|length)\s*,\s*(b|n|batch|batch_size)\b|\[\s*(t|time|steps)\s*,\s*(b|n|batch)\b"
    r"|time[- _]?major|time[- _]first|sequence[- ]first",
    re.I,
)
BATCH_FIRST = re.compile(
    r"[(\[]\s*(b|n|batch|batch_size)\s*,\s*(t|time|seq_len|steps|seq|length|l|s)\b|batch[- _]first", re.I
)
CHANNELS_FIRST = re.compile(
    r"\bnchw\b|channels?[- _]first|[(\[]\s*(b|n|batch|batch_size|-1)\s*,\s*(c|channels|1|3)\s*,\s*(h|height|\d+)\b",
    re.I,
)
CHANNELS_LAST = re.compile(
    r"\bnhwc\b|channels?[- _]last|[(\[]\s*(b|n|batch|-1)\s*,\s*(h|height|28|32)\s*,\s*(w|width|28|32)\s*,", re.I
)


@dataclasses.dataclass
class Evidence:
    """The file's text and syntax tree, and the namespace in which its names have values."""

    source: str
    tree: ast.Module
    namespace: Names

    @functools.cached_property
    def time_first(self) -> bool:
        return bool(TIME_FIRST.search(self.source)) and not BATCH_FIRST.search(self.source)

    @functools.cached_property
    def channels_first(self) -> bool:
        return bool(CHANNELS_FIRST.search(self.source)) and not CHANNELS_LAST.search(self.source)

    @functools.cached_property
    def mentions_vmap(self) -> bool:
        return "vmap" in self.source

    @functools.cached_property
    def may_take_one_example(self) -> bool:
        """Whether the model may be for one example: a file that speaks of batches maps such a model over them somewhere."""
        return self.mentions_vmap or "batch" not in self.source.lower()

    @functools.cached_property
    def looks_up_tokens(self) -> bool:
        return bool(re.search(r"\bEmbed\(|embedding|vocab", self.source, re.I))

    @functools.cached_property
    def dummy_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the arrays of ones, zeros or noise that are made outside the model, such as `jnp.ones((1, 28, 28, 1))`."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and name_of(node.func) in {
                "init",
                "init_with_output",
                "tabulate",
                "lazy_init",
            }:
                scope = local_values(node, self.tree)
                for inner in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    found.extend(self.shapes_in(inner, scope))
        return list(dict.fromkeys(found))

    def shapes_in(self, node: ast.AST, scope: dict[str, ast.AST]) -> list[tuple[int, ...]]:
        if isinstance(node, ast.Name):
            return [shape for value in self.assigned(node.id) for shape in self.shapes_in(value, scope)]
        shapes = []
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and name_of(call.func) in {
                "ones",
                "zeros",
                "empty",
                "normal",
                "uniform",
                "ShapeDtypeStruct",
                "randn",
                "rand",
            }:
                for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    shape = self.value(argument, scope)
                    if isinstance(shape, (tuple, list)) and shape and all(type(size) is int for size in shape):
                        shapes.append(tuple(shape))
        return shapes

    def assigned(self, name: str) -> list[ast.AST]:
        return [
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
            and not isinstance(node.value, ast.Name)
        ]

    def calls(self, names: set[str]) -> list[ast.Call]:
        """Calls of any of `names`, in the order of the file."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and name_of(node.func) in names]
        return sorted(found, key=lambda node: (node.lineno, node.col_offset))

    def value(self, node: ast.AST, scope: dict[str, ast.AST] | None = None):
        """The value of a plain expression over constants and the module's names; `UNKNOWN` where it is none."""
        try:
            return evaluate(node, self, scope or {}, 0)
        except Unreadable:
            return UNKNOWN


class Unreadable(Exception):
    """An expression whose value only running the program would tell."""


class _Unknown:
    def __repr__(self):
        return "UNKNOWN"


UNKNOWN = _Unknown()

OPERATORS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
    ast.Mod: lambda a, b: a % b,
}


def name_of(node: ast.AST) -> str:
    """`init` for `init` and for `model.init`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def evaluate(node: ast.AST, evidence: Evidence, scope: dict[str, ast.AST], depth: int):
    inner = functools.partial(evaluate, evidence=evidence, scope=scope, depth=depth + 1)
    if depth > 20:
        raise Unreadable
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple):
        return tuple(item for element in node.elts for item in spread(element, inner))
    if isinstance(node, ast.List):
        return [item for element in node.elts for item in spread(element, inner)]
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return {inner(key): inner(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Name):
        if node.id in scope:
            return inner(scope[node.id])
        value = evidence.namespace.get(node.id, MISSING)
        if value is MISSING:
            raise Unreadable
        return value
    if isinstance(node, ast.Attribute):
        value = getattr(inner(node.value), node.attr, MISSING)
        if value is MISSING:
            raise Unreadable
        return value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -numeric(inner(node.operand))
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = inner(node.left), inner(node.right)
        if not all(isinstance(side, (int, float, list, tuple)) for side in (left, right)):
            raise Unreadable
        try:
            return OPERATORS[type(node.op)](left, right)
        except (TypeError, ZeroDivisionError) as error:
            raise Unreadable from error
    if isinstance(node, ast.Subscript):
        try:
            return inner(node.value)[inner(node.slice)]
        except (TypeError, KeyError, IndexError) as error:
            raise Unreadable from error
    if isinstance(node, ast.Call):
        return call(node, evidence, inner)
    raise Unreadable


def call(node: ast.Call, evidence: Evidence, inner):
    """`len(…)`, `int(…)` and the like, and dataclasses of the file itself: calls without an effect."""
    function = inner(node.func)
    plain = function in (len, int, float, tuple, list, dict, max, min, sum, range)
    own = isinstance(function, type) and dataclasses.is_dataclass(function) and not hasattr(function, "apply")
    if not (plain or own) or any(keyword.arg is None for keyword in node.keywords):
        raise Unreadable
    try:
        return function(*map(inner, node.args), **{keyword.arg: inner(keyword.value) for keyword in node.keywords})
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable from error


def spread(element: ast.AST, inner) -> list:
    return list(inner(element.value)) if isinstance(element, ast.Starred) else [inner(element)]


def numeric(value):
    if not isinstance(value, (int, float)):
        raise Unreadable
    return value


def local_values(call: ast.Call, tree: ast.Module) -> dict[str, ast.AST]:
    """What the names in the function around a call were last assigned before it."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= call.lineno <= node.end_lineno
    ]
    scope: dict[str, ast.AST] = {}
    for function in sorted(around, key=lambda node: node.lineno):
        arguments = function.args
        names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
        for name in names:
            scope.pop(name, None)
        scope |= dict(zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=True))
        scope |= {
            argument.arg: value
            for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value is not None
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and node.lineno < call.lineno and len(node.targets) == 1:
                target = node.targets[0]
                if isinstance(target, ast.Name):
                    scope[target.id] = node.value
    return scope
