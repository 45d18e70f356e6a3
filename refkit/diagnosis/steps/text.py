"""What the text of your file says of its train step: where it is, what is jitted, which loop runs it."""

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator

from refkit.diagnosis.steps.fault import Fault

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
OPTIMIZER = re.compile(r"(.*_)?(optimizer|optimiser|opt|tx|optim|solver)", re.I)
MAKES_OPTIMIZER = (
    r"\boptax\.(?!\w*(entropy|loss|error|labels|huber|distance|divergence|apply_updates|norm\())\w+\(|\boptimizers\.\w+\("
    r"|nnx\.Optimizer\(|\b(adamw?|sgd|chain|rmsprop)\("
)
CHANGING = {"append", "extend", "insert", "add", "setdefault", "appendleft", "update"}
COUNTING_TRACES = re.compile(r"trac|compil", re.I)


class StepText:
    """The file around a train step.

    Args:
        tree: the file's syntax.
        definition: of the step; None where it is in no function of this file.
        name: what the file calls it.
        carried: its parameters that hold the model's parameters and that it returns anew.
    """

    def __init__(self, tree: ast.Module, definition: ast.FunctionDef | None, name: str, carried: tuple[str, ...] = ()):
        self.tree, self.definition, self.name, self.carried = tree, definition, name, carried
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)}

    @functools.cached_property
    def reached(self) -> list[ast.FunctionDef]:
        """The step and the functions of the file that it calls or hands on."""
        waiting, found = [self.definition] if self.definition is not None else [], []
        while waiting:
            node = waiting.pop(0)
            if node not in found:
                found.append(node)
                names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
                names |= {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
                waiting += [self.functions[name] for name in sorted(names) if name in self.functions]
        return found

    @functools.cached_property
    def aliases(self) -> set[str]:
        """Names under which the step is called."""
        found = {self.name}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                inner = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
                made = any(
                    isinstance(part, FUNCTIONS)
                    and part is not self.definition
                    and self.definition is not None
                    and any(child is self.definition for child in ast.walk(part))
                    and part.name in inner
                    for part in ast.walk(self.tree)
                )
                if self.name in inner and not name_of(node.value.func) == self.name or made:
                    found |= {name_of(target) for target in node.targets} - {""}
        return found

    @functools.cached_property
    def calls(self) -> list[ast.Call]:
        """Where the step is called."""
        return [
            node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and name_of(node.func) in self.aliases
        ]

    @functools.cached_property
    def parents(self) -> dict[int, ast.AST]:
        return {id(child): node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What stands around a node, innermost first."""
        while id(node) in self.parents:
            node = self.parents[id(node)]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt | None:
        return next((outer for outer in [node, *self.around(node)] if isinstance(outer, ast.stmt)), None)

    def loops(self, call: ast.AST) -> list[ast.For | ast.While]:
        """Loops around a call in its own function, innermost first."""
        found = []
        for outer in self.around(call):
            if isinstance(outer, FUNCTIONS):
                break
            if isinstance(outer, (ast.For, ast.While)):
                found.append(outer)
        return found

    @functools.cached_property
    def jitted(self) -> ast.expr | None:
        """The decorator or call that jits the step."""
        return self.jit_of(self.definition, self.name)

    def jit_of(self, definition: ast.FunctionDef | None, name: str) -> ast.expr | None:
        for decorator in definition.decorator_list if definition is not None else ():
            if jits(decorator):
                return decorator
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Call)
                and name_of(node.func) in ("jit", "pjit")
                and node.args
                and name_of(node.args[0]) == name
            ):
                return node
        return None

    def jitted_functions(self) -> list[ast.FunctionDef]:
        """Functions that run under jit because the step, or what it is called from, is jitted."""
        roots = [node for node in self.functions.values() if self.jit_of(node, node.name) is not None]
        found: list[ast.FunctionDef] = []
        for root in roots:
            if (
                root is self.definition
                or root in self.reached
                or (self.definition is not None and root.name in self.aliases)
            ):
                found += [node for node in StepText(self.tree, root, root.name).reached if node not in found]
        return found

    def optimizer_line(self) -> ast.stmt | None:
        """Where the optimizer is chosen: the assignment or return that calls optax."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Assign, ast.Return, ast.AnnAssign)) and node.value is not None:
                if re.search(MAKES_OPTIMIZER, ast.unparse(node.value)):
                    names = [name_of(t) for t in getattr(node, "targets", [])] + [
                        getattr(getattr(node, "target", None), "id", "")
                    ]
                    found.append((not any(OPTIMIZER.fullmatch(name) for name in names if name), node.lineno, node))
        return min(found, key=lambda entry: entry[:2])[2] if found else None

    def optimizer_call(self, pattern: str) -> ast.AST | None:
        """The first statement anywhere that matches, the function of a step first."""
        for scope in [*self.reached, self.tree]:
            for node in ast.walk(scope):
                if isinstance(node, ast.stmt) and not isinstance(
                    node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With)
                ):
                    if re.search(pattern, ast.unparse(node)):
                        return node
        return None


def jits(node: ast.expr) -> bool:
    """Whether an expression is `jit`, `jax.jit`, `nnx.jit`, or a partial of one."""
    names = [name_of(part) for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))]
    return any(name in ("jit", "pjit", "filter_jit") for name in names)


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a function without those of the functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda)):
            yield child
            yield from own_nodes(child)


def all_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes of a function and of the lambdas in it, without those of the functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, FUNCTIONS):
            yield child
            yield from all_nodes(child)


def bound_in(function: ast.FunctionDef) -> set[str]:
    """Names that a function binds itself, its arguments included."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    names = {argument.arg for argument in arguments}
    outside: set[str] = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            outside |= set(node.names)
    names |= {child.name for child in function.body if isinstance(child, FUNCTIONS)}
    return names - outside


def first_matching(text: StepText, pattern: str) -> ast.stmt | None:
    for function in [*text.reached, *models(text.tree)]:
        for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
            simple = not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With))
            if simple and re.search(pattern, ast.unparse(node)):
                return node
    return None


def models(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


@dataclasses.dataclass(frozen=True)
class Reading:
    """A fault with the node that shows it."""

    fault: Fault
    node: ast.AST
