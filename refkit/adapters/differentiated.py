"""The function that a program differentiates: named in the module, or nested in its train step."""

import ast
import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from refkit.adapters.expressions import name_of

DIFFERENTIATORS = {"value_and_grad", "grad", "filter_value_and_grad", "filter_grad"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclasses.dataclass(frozen=True)
class Differentiated:
    """A function handed to `grad` or `value_and_grad`.

    Args:
        node: its definition, a `def` or a `lambda`; None where it is not defined in the file.
        name: its name; empty for a lambda.
        around: the functions that it is nested in, outermost first.
        line: where it is defined, else where it is differentiated.
        owner: the class that it, or the method around it, belongs to.
    """

    node: ast.AST | None
    name: str
    around: tuple[ast.FunctionDef, ...]
    line: int
    owner: str = ""

    @property
    def nested(self) -> bool:
        return bool(self.around)


def differentiated(tree: ast.Module) -> list[Differentiated]:
    """Every function that the file differentiates, in its order; those nested in a `*step*` or `*update*` first."""
    found: list[Differentiated] = []
    for call, around in calls_with_scopes(tree, ()):
        if name_of(call.func) not in DIFFERENTIATORS:
            continue
        arguments = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in ("f", "fun"))]
        for argument in arguments:
            entry = resolve(argument, tree, around)
            if entry is not None and entry not in found:
                found.append(dataclasses.replace(entry, owner=owner_of(entry, tree)))
    return sorted(found, key=lambda entry: not any(is_step(function.name) for function in entry.around))


def owner_of(entry: Differentiated, tree: ast.Module) -> str:
    """The class in which a function stands, directly or by the method around it."""
    method = entry.around[0] if entry.around else entry.node
    return next((node.name for node in tree.body if isinstance(node, ast.ClassDef) and method in node.body), "")


def is_step(name: str) -> bool:
    name = name.lower()
    return "step" in name or "update" in name


def calls_with_scopes(node: ast.AST, around: tuple):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, around
        if isinstance(child, FUNCTIONS):
            for decorator in child.decorator_list:
                if name_of(decorator) in DIFFERENTIATORS or (
                    isinstance(decorator, ast.Call)
                    and any(name_of(inner) in DIFFERENTIATORS for inner in decorator.args)
                ):
                    yield (
                        ast.Call(func=ast.Name("grad"), args=[ast.Name(child.name)], keywords=[], lineno=child.lineno),
                        around,
                    )
        yield from calls_with_scopes(child, (*around, child) if isinstance(child, FUNCTIONS) else around)


def resolve(argument: ast.AST, tree: ast.Module, around: tuple) -> Differentiated | None:
    """The definition behind the argument of `grad`."""
    if (
        isinstance(argument, ast.Call)
        and name_of(argument.func) in ("partial", "jit", "checkpoint", "remat")
        and argument.args
    ):
        return resolve(argument.args[-1 if name_of(argument.func) != "partial" else 0], tree, around)
    if isinstance(argument, ast.Lambda):
        return Differentiated(argument, "", around, argument.lineno)
    if isinstance(argument, ast.Attribute) and name_of(argument.value) in ("self", "cls"):
        methods = [
            node
            for cls in tree.body
            if isinstance(cls, ast.ClassDef)
            for node in cls.body
            if isinstance(node, FUNCTIONS)
        ]
        return next(
            (Differentiated(node, node.name, (), node.lineno) for node in methods if node.name == argument.attr), None
        )
    if not isinstance(argument, ast.Name):
        return None
    for depth in range(len(around), -1, -1):
        body = around[depth - 1].body if depth else tree.body
        for statement in reversed(body):
            if isinstance(statement, FUNCTIONS) and statement.name == argument.id:
                return Differentiated(statement, argument.id, around[:depth], statement.lineno)
            function = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda)
            if function and any(name_of(target) == argument.id for target in statement.targets):
                return Differentiated(statement.value, argument.id, around[:depth], statement.lineno)
            named = isinstance(statement, ast.Assign) and any(name_of(t) == argument.id for t in statement.targets)
            entry = made_by(statement.value, tree) if named else None
            if entry is not None:
                return entry
    return Differentiated(None, argument.id, (), argument.lineno)


def made_by(value: ast.AST, tree: ast.Module) -> Differentiated | None:
    """The closure that a function of the file returns: `mse` where `loss = make_loss(x, y)` gives `jax.jit(mse)`."""
    if not isinstance(value, ast.Call):
        return None
    maker = next((node for node in tree.body if isinstance(node, FUNCTIONS) and node.name == name_of(value.func)), None)
    returns = [node.value for node in maker.body if isinstance(node, ast.Return)] if maker is not None else []
    if len(returns) != 1 or not isinstance(returns[0], (ast.Name, ast.Call, ast.Lambda)):
        return None
    return resolve(returns[0], tree, (maker,))


def closure_factory(entry: Differentiated, file: str, namespace: dict[str, Any]) -> Callable:
    """A function that leads to a nested one: called with its arguments it returns the next; the last is the closure.

    It is cut out of the enclosing functions: of every body only what the closure needs is kept, with its line numbers.
    """
    inner: ast.AST = entry.node
    for function in reversed(entry.around):
        inner = cut(function, inner)
    module = ast.fix_missing_locations(ast.Module(body=[inner], type_ignores=[]))
    made: dict[str, Any] = {}
    exec(compile(module, file, "exec"), namespace, made)
    return made[inner.name]


def cut(function: ast.FunctionDef, inner: ast.AST) -> ast.FunctionDef:
    """The function with only what `inner` needs before it, returning `inner`."""
    lambda_ = isinstance(inner, ast.Lambda)
    result = inner if lambda_ else ast.copy_location(ast.Name(inner.name, ast.Load()), inner)
    kept = [] if lambda_ else [bare(inner)]
    needed = read_names(inner)
    for statement in reversed([statement for statement in function.body if statement.lineno < inner.lineno]):
        if bound_names(statement) & needed:
            kept.insert(0, statement)
            needed |= read_names(statement)
    shell = copy.copy(bare(function))
    shell.body = [*kept, ast.copy_location(ast.Return(result), inner)]
    return shell


def bare(function: ast.AST) -> ast.AST:
    """Without decorators: a jitted function cannot return a function."""
    shell = copy.copy(function)
    shell.decorator_list = []
    return shell


def read_names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)}


def bound_names(node: ast.AST) -> set[str]:
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}
    return found | ({node.name} if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else set())
