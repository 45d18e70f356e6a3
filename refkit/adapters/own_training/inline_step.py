"""A train step that is no function: the body of a loop that takes gradients and updates parameters."""

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

import jax

from refkit.adapters.differentiated import FUNCTIONS, bound_names, read_names
from refkit.adapters.expressions import name_of
from refkit.adapters.parts.carrying import has_objects
from refkit.adapters.parts.returned import LOSS
from refkit.adapters.parts.slices import called
from refkit.adapters.parts.steps import UPDATES, differentiating

LOOPS = (ast.For, ast.While)
HEARD_INLINE = "__refkit_inline__"
MADE = "__refkit_step__"


def inline_loops(tree: ast.Module, steps: list[ast.FunctionDef]) -> list[ast.stmt]:
    """The innermost loops that both take gradients and update by them, other than by calling a step.

    Args:
        steps: the functions of the file that are steps.
    """
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}
    makers = {
        n
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_gradient(node.value)
        for target in node.targets
        if (n := name_of(target))
    }
    gradients = makers | {name for name, node in functions.items() if any(map(is_gradient, ast.walk(node)))}
    updates = {name for name, node in functions.items() if any(map(is_update, ast.walk(node)))}
    whole = {step.name for step in steps} & gradients
    whole |= gradients & updates - makers

    def fits(loop: ast.AST) -> bool:
        calls = [node for node in ast.walk(loop) if isinstance(node, ast.Call)]
        if any(called(call) in whole for call in calls):
            return False
        takes = any(called(call) in gradients or is_gradient(call) for call in calls)
        return takes and any(called(call) in updates - gradients or is_update(call) for call in calls)

    loops = [node for node in ast.walk(tree) if isinstance(node, LOOPS) and fits(node)]
    return [loop for loop in loops if not any(inner is not loop and inner in loops for inner in ast.walk(loop))]


def is_gradient(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and differentiating(node)


def is_update(node: ast.AST) -> bool:
    """Whether a call updates parameters by gradients."""
    if not isinstance(node, ast.Call):
        return False
    if called(node) in UPDATES or called(node) == "update" and len(node.args) + len(node.keywords) > 1:
        return True
    subtracts = (inner for inner in ast.walk(node) if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub))
    return called(node) in ("map", "tree_map") and any(True for _ in subtracts)


def with_listener(loop: ast.stmt, number: int) -> None:
    """Puts a call that says which loop it is, and what its names are, before the loop's first statement."""
    names = ast.Call(ast.Name("locals", ast.Load()), [], [])
    call = ast.Call(ast.Name(HEARD_INLINE, ast.Load()), [ast.Constant(number), names], [])
    loop.body.insert(0, ast.Expr(call))


def as_function(loop: ast.stmt, values: dict[str, Any], variables: dict[str, Any], file: str) -> tuple[Callable, dict]:
    """One round of a loop as a function of the names that it reads, and their values; it gives those that go on.

    Args:
        values: of all names where the round begins.
        variables: the module's.
    """
    bound = set().union(*(bound_names(statement) for statement in flat(loop.body)))
    reads = set().union(*(read_names(statement) for statement in loop.body))
    going_on = {name for name in bound & set(values) if holds_arrays(values[name])}
    losses = {name for statement in flat(loop.body) for name in bound_names(statement) if gives_loss(name, statement)}
    objects = {name for name in reads & set(values) if has_objects(values[name])}
    body = kept(loop.body, needed_names(loop.body, going_on | losses, objects), objects)
    names = sorted((set().union(*(read_names(statement) for statement in body)) | going_on) & set(values))
    results = sorted(going_on | losses)
    given = ast.Dict([ast.Constant(name) for name in results], [ast.Name(name, ast.Load()) for name in results])
    parameters = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    function = ast.FunctionDef(MADE, parameters, [*copy.deepcopy(body), ast.Return(given)], [])
    ast.copy_location(function, loop)
    made: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(ast.Module([function], [])), file, "exec"), variables, made)
    return made[MADE], {name: values[name] for name in names}


def gives_loss(name: str, statement: ast.stmt) -> bool:
    """Whether a statement gives a loss its value as JAX has it, rather than adds it up or prints it."""
    plain = isinstance(statement, ast.Assign) and not {"float", "item"} & {
        called(node) for node in ast.walk(statement) if isinstance(node, ast.Call)
    }
    return plain and LOSS.fullmatch(name) is not None


def holds_arrays(value: Any) -> bool:
    return not has_objects(value) and any(hasattr(leaf, "dtype") for leaf in jax.tree.leaves(value))


def flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Simple statements at every level."""
    for statement in body:
        inner = [block for field in ("body", "orelse") for block in getattr(statement, field, [])]
        if inner and not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            yield from flat(inner)
        else:
            yield statement


def needed_names(body: list[ast.stmt], wanted: set[str], objects: set[str]) -> set[str]:
    """The names that others follow from, within the body."""
    needed, before = set(wanted), set()
    while needed != before:
        before = set(needed)
        for statement in flat(body):
            if keeps(statement, needed, objects):
                needed |= read_names(statement)
    return needed


def keeps(statement: ast.stmt, needed: set[str], objects: set[str]) -> bool:
    """Whether a simple statement gives a needed name its value, or changes an object of NNX by gradients."""
    if isinstance(statement, ast.Expr):
        return is_update(statement.value) and bool(read_names(statement) & (objects | needed))
    return bool(bound_names(statement) & needed)


def kept(body: list[ast.stmt], needed: set[str], objects: set[str]) -> list[ast.stmt]:
    found = []
    for statement in body:
        if isinstance(statement, (ast.For, ast.While, ast.If, ast.With)):
            inner = kept(statement.body, needed, objects)
            other = kept(getattr(statement, "orelse", []), needed, objects)
            if inner or other:
                again = copy.copy(statement)
                again.body = inner or [ast.copy_location(ast.Pass(), statement)]
                if hasattr(again, "orelse"):
                    again.orelse = other
                found.append(again)
        elif keeps(statement, needed, objects):
            found.append(statement)
    return found
