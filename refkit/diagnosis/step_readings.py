"""Faults of a train step that its text alone shows: what happens once, when it is traced, and what its loop drops."""

import ast
import re

from refkit.diagnosis.schedules import schedule
from refkit.diagnosis.step_effects import Fault
from refkit.diagnosis.step_text import (
    CHANGING,
    COUNTING_TRACES,
    FUNCTIONS,
    Reading,
    StepText,
    all_nodes,
    bound_in,
    name_of,
    own_nodes,
)


def readings(text: StepText, source: str) -> list[Reading]:
    found = [side_effect(text), frozen_name(text), dropped_by_loop(text), reset_by_loop(text), schedule(text, source)]
    return [reading for reading in found if reading is not None]


def side_effect(text: StepText) -> Reading | None:
    """A list, counter or attribute from outside that is changed where JAX traces."""
    for function in text.jitted_functions():
        local = bound_in(function)
        for outer in text.around(function):  # what an enclosing jitted function binds is traced with it
            if isinstance(outer, FUNCTIONS) and outer in text.jitted_functions():
                local |= bound_in(outer)
        for node in own_nodes(function):
            name = changed_outside(node, local, function)
            if name and not COUNTING_TRACES.search(name):
                words = f"`{name}` is changed where the step is traced: once, whatever the number of steps"
                return Reading(Fault("side-effect-in-jit", words), node)
    return None


def changed_outside(node: ast.AST, local: set[str], function: ast.FunctionDef) -> str:
    """The name from outside that a statement changes; empty where it changes none."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        call = node.value
        root = root_of(call.func.value)
        if call.func.attr in CHANGING - {"update"} and root and (root not in local or root == "self"):
            return ast.unparse(call.func.value)
        return ""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    for target in targets:
        if isinstance(target, ast.Name) and target.id in declared_outside(function):
            return target.id
        if isinstance(target, ast.Subscript) and (root := root_of(target)) and root not in local:
            return ast.unparse(target)
        if isinstance(target, ast.Attribute) and (root := root_of(target)):
            if root not in local or (
                root == "self"
                and function.args.args
                and function.args.args[0].arg == "self"
                and any("jit" in ast.unparse(d) for d in function.decorator_list)
            ):
                return ast.unparse(target)
    return ""


def declared_outside(function: ast.FunctionDef) -> set[str]:
    return {name for node in own_nodes(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}


def root_of(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def frozen_name(text: StepText) -> Reading | None:
    """A name from outside that a jitted step reads and that the file changes between steps."""
    for function in text.jitted_functions():
        local = bound_in(function)
        for outer in text.around(function):
            if isinstance(outer, FUNCTIONS) and outer in text.jitted_functions():
                local |= bound_in(outer)
        for node in all_nodes(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in local:
                if change := changed_between(node.id, function, text):
                    words = f"`{node.id}` is read when JAX traces; what line {change.lineno} makes of it never arrives"
                    flag = isinstance(getattr(change, "value", None), ast.Constant) and isinstance(
                        change.value.value, bool
                    )
                    return Reading(Fault("mode-frozen-by-jit" if flag else "stale-closure", words), node)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and name_of(node.value) == "self":
                if "self" in [a.arg for a in function.args.args] and (change := attribute_changed(node.attr, text)):
                    words = f"`self.{node.attr}` is read when JAX traces; what line {change.lineno} makes of it is lost"
                    return Reading(Fault("stale-closure", words), node)
    return None


def changed_between(name: str, function: ast.FunctionDef, text: StepText) -> ast.stmt | None:
    """A statement that gives the name another value while steps are taken."""
    if name in text.functions or name in text.aliases:
        return None
    scopes = [outer for outer in text.around(function) if isinstance(outer, FUNCTIONS)]
    owner = next((scope for scope in scopes if name in bound_in(scope)), None)
    for node in ast.walk(text.tree):
        if not isinstance(node, (ast.Assign, ast.AugAssign)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
        if name not in names or not any(isinstance(t, (ast.Name, ast.Tuple)) for t in targets):
            continue
        holder = next((outer for outer in text.around(node) if isinstance(outer, FUNCTIONS)), None)
        same = holder is owner if owner is not None else holder is None or name in declared_outside(holder)
        if not same or (holder is not None and holder in text.jitted_functions()):
            continue
        steps = [call for call in text.calls if any(loop in text.loops(node) for loop in text.loops(call))]
        called = holder is not None and owner is None and name in declared_outside(holder)
        if (steps or called) and not any(remade(function, loop) for loop in text.loops(node)):
            return node
    return None


def attribute_changed(attribute: str, text: StepText) -> ast.stmt | None:
    for node in ast.walk(text.tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute) and node.target.attr == attribute:
            if name_of(node.target.value) == "self" and text.loops(node):
                return node
    return None


def remade(function: ast.FunctionDef, loop: ast.AST) -> bool:
    """Whether the function is defined, and so traced, anew in the loop."""
    return any(node is function for node in ast.walk(loop))


def dropped_by_loop(text: StepText) -> Reading | None:
    """A step whose new parameters the loop around it does not go on with."""
    if text.definition is None:
        return None
    for call in text.calls:
        loops, statement = text.loops(call), text.statement(call)
        if not loops or statement is None or any(isinstance(argument, ast.Starred) for argument in call.args[:1]):
            continue
        body = loops[0]
        names = [a.arg for a in text.definition.args.args if a.arg != "self"]
        given = dict(zip(names, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        for name in text.carried:
            argument = given.get(name)
            if isinstance(argument, ast.Name) and not bound_within(argument.id, body):
                words = f"the loop hands `{argument.id}` to every step as it was before the first one"
                return Reading(Fault("parameters-not-updated", words), statement)
    return None


def bound_within(name: str, loop: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store) for node in ast.walk(loop)
    )


def reset_by_loop(text: StepText) -> Reading | None:
    """An optimizer's state that is made anew in the loop that takes the steps, for parameters that go on."""
    for call in text.calls:
        handed = {
            node.id
            for argument in [*call.args, *(k.value for k in call.keywords)]
            for node in ast.walk(argument)
            if isinstance(node, ast.Name)
        }
        for loop in text.loops(call):
            for node in ast.walk(loop):
                if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call) or len(node.targets) != 1:
                    continue
                target = node.targets[0]
                if not isinstance(target, ast.Name) or target.id not in handed or node.lineno > call.lineno:
                    continue
                if re.search(r"\.replace\(.*opt_state=.*\binit\(", ast.unparse(node.value)):
                    words = f"the optimizer's state in `{target.id}` is made anew in the loop"
                    return Reading(Fault("optimizer-state-reset", words), node)
                function = ast.unparse(node.value.func)
                if not re.search(r"(^|\.)(init|opt_init|Optimizer)$", function) or not node.value.args:
                    continue
                kept = name_of(node.value.args[0])
                starts = [
                    inner
                    for inner in ast.walk(loop)
                    if isinstance(inner, ast.Assign)
                    and text.statement(call) is not inner
                    and kept in [name_of(t) for t in inner.targets]
                ]
                variable = (
                    {inner.id for inner in ast.walk(loop.target) if isinstance(inner, ast.Name)}
                    if isinstance(loop, ast.For)
                    else set()
                )
                of_loop = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)} & variable
                if kept in handed and not starts and not of_loop and not re.search(r"key|rng", kept):
                    words = f"`{target.id}` is made anew in the loop, for the same `{kept}`"
                    return Reading(Fault("optimizer-state-reset", words), node)
    return None
