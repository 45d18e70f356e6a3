"""Values of plain expressions, read off the syntax: constants, arithmetic, the module's names."""

import ast
import dataclasses
import functools

from refkit.adapters.names import MISSING, Names


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


def evaluate(node: ast.AST, names: Names, scope: dict[str, ast.AST], depth: int):
    inner = functools.partial(evaluate, names=names, scope=scope, depth=depth + 1)
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
        value = names.get(node.id, MISSING)
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
        return call(node, inner)
    if isinstance(node, ast.Lambda):
        return function_of(node, names, scope)
    raise Unreadable


def function_of(node: ast.Lambda, names: Names, scope: dict[str, ast.AST]):
    """A lambda of module names alone, as a function; making it runs nothing of it."""
    if {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & set(scope):
        raise Unreadable
    file = str(names.get("__file__", "<lambda>"))
    return eval(compile(ast.Expression(node), file, "eval"), names.variables)


def call(node: ast.Call, inner):
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
