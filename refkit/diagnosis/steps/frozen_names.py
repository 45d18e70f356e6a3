"""Names that a jitted function reads once, when it is traced, and that the file changes afterwards."""

import ast
from collections.abc import Iterator

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, all_nodes, bound_in, jits, name_of, own_nodes

LOOPS = (ast.For, ast.AsyncFor, ast.While)


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


def frozen_closure(text: StepText) -> Reading | None:
    """A function that is jitted before a loop, reads a name that the loop changes, and is called in it."""
    for name, function, holder in jitted_closures(text):
        free = {node.id: node for node in read_freely(function)}
        body = list(own_nodes(holder))
        for loop in (node for node in body if isinstance(node, LOOPS)):
            if loop.lineno <= function.lineno <= (loop.end_lineno or 0):
                continue
            inside = [node for node in outside_comprehensions(loop) if isinstance(node, ast.Name)]
            if loop.lineno < function.lineno or not any(n.id == name and isinstance(n.ctx, ast.Load) for n in inside):
                continue
            changed = sorted(
                (n for n in inside if n.id in free and isinstance(n.ctx, ast.Store)), key=lambda n: n.lineno
            )
            for node in changed:
                words = (
                    f"`{node.id}` is read when JAX traces `{name}`; what line {node.lineno} makes of it never arrives"
                )
                return Reading(Fault("stale-closure", words), free[node.id])
    return None


def outside_comprehensions(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a loop; of a comprehension, whose names are its own, only what it reads."""
    for child in ast.iter_child_nodes(node):
        own = isinstance(child, ast.comprehension)
        yield from ast.walk(child.iter) if own else (child,)
        yield from () if own else outside_comprehensions(child)


def jitted_closures(text: StepText) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Names of jitted functions, what they are, and the function, or the file, in which they are made."""
    for node in ast.walk(text.tree):
        holder = next(
            (outer for outer in text.around(node) if isinstance(outer, (*FUNCTIONS, ast.ClassDef))), text.tree
        )
        if isinstance(holder, ast.ClassDef):
            continue
        if isinstance(node, FUNCTIONS) and any(jits(decorator) for decorator in node.decorator_list):
            yield node.name, node, holder
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            call, target = node.value, node.targets[0]
            if isinstance(target, ast.Name) and name_of(call.func) in ("jit", "pjit") and call.args:
                made = call.args[0]
                if isinstance(made, ast.Name):
                    made = next((d for d in own_nodes_and_functions(holder) if getattr(d, "name", "") == made.id), None)
                if isinstance(made, (ast.Lambda, *FUNCTIONS)):
                    yield target.id, made, holder


def own_nodes_and_functions(holder: ast.AST) -> list[ast.AST]:
    return [node for node in getattr(holder, "body", []) if isinstance(node, FUNCTIONS)]


def read_freely(function: ast.AST) -> Iterator[ast.Name]:
    """Names that a function reads from around it."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    bound = {argument.arg for argument in arguments}
    inner = [function.body] if isinstance(function, ast.Lambda) else function.body
    nodes = [node for part in inner for node in ast.walk(part)]
    bound |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {a.arg for node in nodes if isinstance(node, (ast.Lambda, *FUNCTIONS)) for a in node.args.args}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound:
            yield node


def frozen_flag(text: StepText) -> Reading | None:
    """A flag of an object, given both values by its methods and read in one that is jitted."""
    for cls in (node for node in ast.walk(text.tree) if isinstance(node, ast.ClassDef)):
        names = {method.name for method in cls.body if isinstance(method, FUNCTIONS)}
        if names & {"__hash__", "__eq__"} or any("Module" in ast.unparse(base) for base in cls.bases):
            continue
        for method in (node for node in cls.body if isinstance(node, FUNCTIONS)):
            jitting = [ast.unparse(decorator) for decorator in method.decorator_list if jits(decorator)]
            if not jitting or "nnx" in jitting[0]:
                continue
            for node in all_nodes(method):
                flag = (
                    isinstance(node, ast.Attribute) and name_of(node.value) == "self" and isinstance(node.ctx, ast.Load)
                )
                values = flag_values(cls, node.attr) if flag else {}
                if len(set(values.values())) == 2 and set(values) - {"__init__"}:
                    words = (
                        f"`self.{node.attr}` is read when JAX traces; what the other methods make of it never arrives"
                    )
                    return Reading(Fault("mode-frozen-by-jit", words), node)
    return None


def flag_values(cls: ast.ClassDef, attribute: str) -> dict[str, bool]:
    """By method the last constant that it gives a flag."""
    found = {}
    for method in (node for node in cls.body if isinstance(node, FUNCTIONS)):
        for node in all_nodes(method):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and type(node.value.value) is bool:
                if any(isinstance(t, ast.Attribute) and t.attr == attribute for t in node.targets):
                    found[method.name] = node.value.value
    return found
