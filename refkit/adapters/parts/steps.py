"""The train step in a file: a function of the module, one nested in another, or a trainer's method."""

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

from refkit.adapters.differentiated import DIFFERENTIATORS, FUNCTIONS
from refkit.adapters.expressions import name_of
from refkit.adapters.parts.slices import Slices, called
from refkit.adapters.parts.surroundings import Surroundings

STEP = re.compile(
    r"_*(train_?step|training_step|update|step|update_step|train_batch|train_on_batch|update_fn|step_fn|fit_batch"
    r"|.*train_?step.*|update_.*|.*_update|one_step|make_step|optimi[sz]e(r_step)?|sgd_step|learn|partial_fit)",
    re.I,
)
UPDATES = {"apply_gradients", "apply_updates", "opt_update"}


@dataclasses.dataclass(frozen=True)
class Step:
    """A function that takes one step of training.

    Args:
        name: what the file calls it.
        definition: its syntax; None where it is in another file.
        owner: the class that it is a method of.
        call: where the file calls it in training; None where it never does.
        line: on which it is defined.
        get: `get(slices, given)` gives the function, decorators and closures included.
    """

    name: str
    definition: ast.FunctionDef | None
    owner: ast.ClassDef | None
    call: ast.Call | None
    line: int
    get: Callable[[Slices, dict[str, Any]], Any]


def steps(surroundings: Surroundings, slices: Slices) -> Iterator[Step]:
    """The functions that may be the train step, the likeliest first."""
    tree = surroundings.evidence.tree
    found = surroundings.find("train_step")
    given = getattr(surroundings.loaded, "roles", {}).get("train_step")
    definitions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    tops = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
    if found is not None:
        definition = tops.get(aliased(found.name, tree, tops))
        if definition is None or takes_steps(definition, tree, tops) or given:
            yield Step(found.name, definition, None, call_of(found.name, slices), found.line, lambda *_: found.object)
    nested = [node for node in definitions if node not in tree.body and takes_steps(node, tree, tops)]
    for node in sorted(nested, key=lambda node: (not STEP.fullmatch(node.name), node.lineno)):
        owner = next((cls for cls in ast.walk(tree) if isinstance(cls, ast.ClassDef) and node in cls.body), None)
        if owner is None and slices.around[id(node)]:
            outer = slices.around[id(node)][-1]
            yield Step(node.name, node, None, nested_call(node, outer, slices), node.lineno, nested_get(node, outer))
        elif owner is not None:
            yield Step(node.name, node, owner, call_of(node.name, slices), node.lineno, lambda *_: None)
    for name, node in tops.items():
        if (found is None or name != found.name) and takes_steps(node, tree, tops) and not trains(node):
            yield Step(name, node, None, call_of(name, slices), node.lineno, module_get(name, surroundings))


def module_get(name: str, surroundings: Surroundings) -> Callable:
    return lambda *_: surroundings.evidence.namespace.get(name)


def nested_get(node: ast.FunctionDef, outer: ast.FunctionDef) -> Callable:
    """The closure, cut out of the function around it with what it needs."""

    def get(slices: Slices, given: dict[str, Any]) -> Any:
        scopes = slices.around[id(node)]
        return slices.value(ast.Name(node.name, ast.Load()), ast.Pass(), given, scopes=scopes)

    return get


def aliased(name: str, tree: ast.Module, tops: dict[str, ast.FunctionDef]) -> str:
    """The function behind `train_step = nnx.jit(train_on_batch)`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(name_of(target) == name for target in node.targets):
            names = [inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name) and inner.id in tops]
            return names[0] if names else name
    return name


def takes_steps(node: ast.FunctionDef, tree: ast.Module, tops: dict[str, ast.FunctionDef]) -> bool:
    """Whether a function itself, and not one nested in it, differentiates something."""
    own = list(own_nodes(node))
    differentiates = any(isinstance(inner, ast.Call) and differentiating(inner) for inner in own)
    updates = any(isinstance(inner, ast.Call) and called(inner) in UPDATES for inner in own)
    if not (differentiates or updates):
        makers = {name for name, value in module_calls(tree).items() if differentiating(value)}
        differentiates = any(isinstance(inner, ast.Call) and called(inner) in makers for inner in own)
    if differentiates or updates:
        return bool(STEP.fullmatch(node.name)) or updates or changes(own)
    reached = [tops[called(inner)] for inner in own if isinstance(inner, ast.Call) and called(inner) in tops]
    return bool(STEP.fullmatch(node.name)) and any(
        isinstance(inner, ast.Call) and differentiating(inner) for other in reached for inner in ast.walk(other)
    )


def module_calls(tree: ast.Module) -> dict[str, ast.Call]:
    return {
        name_of(target): node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
    }


def differentiating(call: ast.Call) -> bool:
    inner = [call, *(node for node in ast.walk(call) if isinstance(node, ast.Call))]
    return any(name_of(node.func) in DIFFERENTIATORS for node in inner)


def changes(nodes: list[ast.AST]) -> bool:
    """Whether an optimizer is called, or something is subtracted: what a gradient alone would not need."""
    return any(
        (isinstance(node, ast.Call) and called(node) == "update")
        or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Add)))
        for node in nodes
    )


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from own_nodes(child)


def trains(node: ast.FunctionDef) -> bool:
    """Whether a function is a whole loop of training."""
    return any(isinstance(inner, (ast.For, ast.While)) and steps_in(inner) for inner in own_nodes(node))


def steps_in(loop: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Call) and (differentiating(inner) or called(inner) in UPDATES) for inner in ast.walk(loop)
    )


def call_of(name: str, slices: Slices) -> ast.Call | None:
    return next(iter(slices.calls(name)), None)


def nested_call(node: ast.FunctionDef, outer: ast.FunctionDef, slices: Slices) -> ast.Call | None:
    """Where a closure is called: by its own name beside it, or by the name that its maker's result is given."""
    if call := call_of(node.name, slices):
        return call
    for statement in ast.walk(slices.tree):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            if any(called(inner) == outer.name for inner in ast.walk(statement.value) if isinstance(inner, ast.Call)):
                names = [name_of(target) for target in statement.targets]
                return next((call for name in names if (call := call_of(name, slices))), None)
    return None
