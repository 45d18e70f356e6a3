"""Faults of a train step that its text alone shows: what happens once, when it is traced, and what its loop drops."""

import ast
import re

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.frozen_names import declared_outside, frozen_closure, frozen_name, root_of
from refkit.diagnosis.steps.schedules import schedule
from refkit.diagnosis.steps.text import (
    CHANGING,
    COUNTING_TRACES,
    FUNCTIONS,
    Reading,
    StepText,
    bound_in,
    name_of,
    own_nodes,
)

BEGINS = re.compile(r"init|zeros_like")
MEMORY = re.compile(r"(.*_)?(opt(im(izer)?)?_?state|velocit(y|ies)|moments?)")


def readings(text: StepText, source: str) -> list[Reading]:
    found = [side_effect(text), frozen_name(text) or frozen_closure(text), dropped_by_loop(text), reset_by_loop(text)]
    found += [schedule(text, source)]
    return [reading for reading in found if reading is not None]


def side_effect(text: StepText) -> Reading | None:
    """A list, counter or attribute from outside that is changed where JAX traces."""
    stepping = text.jitted_functions()
    others = [node for node in text.functions.values() if node not in stepping and text.jit_of(node, node.name)]
    for function in [*stepping, *others]:
        local = bound_in(function)
        for outer in text.around(function):  # what an enclosing jitted function binds is traced with it
            if isinstance(outer, FUNCTIONS) and outer in text.jitted_functions():
                local |= bound_in(outer)
        for node in own_nodes(function):
            name = changed_outside(node, local, function)
            if name and not COUNTING_TRACES.search(name):
                words = f"`{name}` is changed where `{function.name}` is traced: once, whatever the number of calls"
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


def dropped_by_loop(text: StepText) -> Reading | None:
    """A step whose new parameters, or whose optimizer's new state, the loop around it does not go on with."""
    if text.definition is None:
        return None
    for call in text.calls:
        loops, statement = text.loops(call), text.statement(call)
        if not loops or statement is None or any(isinstance(argument, ast.Starred) for argument in call.args[:1]):
            continue
        body = loops[0]
        names = [a.arg for a in text.definition.args.args if a.arg != "self"]
        given = dict(zip(names, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        memory = [name for name in names if MEMORY.fullmatch(name)]
        for name in [*text.carried, *memory]:
            argument = given.get(name)
            if name in memory and isinstance(argument, ast.Call) and BEGINS.search(ast.unparse(argument.func)):
                words = f"the loop hands every step an optimizer's state that `{ast.unparse(argument)}` makes anew"
                return Reading(Fault("optimizer-state-reset", words), statement)
            if isinstance(argument, (ast.Name, ast.Attribute)) and not bound_within(argument, body):
                words = f"the loop hands `{ast.unparse(argument)}` to every step as it was before the first one"
                id = "optimizer-state-reset" if name in memory else "parameters-not-updated"
                return Reading(Fault(id, words), statement)
    return None


def bound_within(argument: ast.Name | ast.Attribute, loop: ast.AST) -> bool:
    """Whether a loop assigns to a name or an attribute, or to what holds it."""
    text = ast.unparse(argument)
    return any(
        isinstance(node, (ast.Name, ast.Attribute))
        and isinstance(node.ctx, ast.Store)
        and (text + ".").startswith(ast.unparse(node) + ".")
        for node in ast.walk(loop)
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
