"""A training loop as its syntax has it: what trains in it, what scores, and what each name is bound to."""

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator

from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of
from refkit.adapters.parts.metric import OTHERS, SCORES

GRADIENTS = {"grad", "value_and_grad", "apply_gradients", "apply_updates"}
LOOPS = (ast.For, ast.While)


@dataclasses.dataclass
class Scope:
    """The body of a function, of a method, or of the file itself.

    Args:
        body: its statements.
        evidence: the file.
        takers: names of the file's functions that take a gradient, themselves or through others.
        name: the function's, empty for the file.
    """

    body: list[ast.stmt]
    evidence: Evidence
    takers: frozenset[str]
    name: str = ""

    @functools.cached_property
    def flat(self) -> list[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
        """Every statement in order, with the loops around it, outermost first."""
        return list(flatten(self.body, ()))

    @functools.cached_property
    def bound(self) -> dict[str, list[tuple[ast.AST, ast.stmt]]]:
        """What each name is bound to, in order: the expression and its statement."""
        found: dict[str, list[tuple[ast.AST, ast.stmt]]] = {}
        for node, _ in self.flat:
            pairs: list[tuple[ast.AST, ast.AST]] = []
            if isinstance(node, ast.Assign):
                pairs = [(target, node.value) for target in node.targets]
            elif isinstance(node, (ast.AugAssign, ast.AnnAssign)) and node.value is not None:
                pairs = [(node.target, node.value)]
            elif isinstance(node, ast.For):
                pairs = [(node.target, node.iter)]
            for target, value in pairs:
                for name, part in names_bound(target, value):
                    found.setdefault(name, []).append((part, node))
        return found

    @functools.cached_property
    def trainers(self) -> frozenset[str]:
        """Functions and methods of the file that take a gradient, themselves or through others; jitted ones, too."""
        found = set(self.takers - {self.name})
        bound = [(name, value) for name, values in self.bound.items() for value, _ in values]
        for name, value in [*self.evidence.namespace.assigned.items(), *bound]:
            if isinstance(value, ast.Call) and ("step" in name or "update" in name):
                if name_of(value.func) in found or any(name_of(part) in found for part in value.args):
                    found.add(name)
        return frozenset(found)

    def trains(self, node: ast.AST) -> bool:
        return any(name_of(call.func) in self.trainers or name_of(call.func) in GRADIENTS for call in calls(node))

    @functools.cached_property
    def scorer_names(self) -> frozenset[str]:
        defined = {node.name for node in ast.walk(self.evidence.tree) if isinstance(node, ast.FunctionDef)}
        return frozenset(
            {name for name in defined if SCORES.fullmatch(name) and not OTHERS.fullmatch(name)} - self.trainers
        )

    def scores(self, node: ast.stmt) -> list[ast.Call]:
        """The calls that score in a statement itself, outermost first and none inside another."""
        found: list[ast.Call] = []
        for call in own_calls(node):
            name = name_of(call.func)
            if name in self.trainers or not (name in self.scorer_names or is_inline_score(call)):
                continue
            if not any(call is inner for other in found for inner in ast.walk(other)):
                found.append(call)
        return found

    @functools.cached_property
    def epoch_loops(self) -> list[ast.stmt]:
        """The outermost loops that train."""
        return [node for node, around in self.flat if isinstance(node, LOOPS) and not around and self.trains(node)]


def scopes(evidence: Evidence) -> Iterator[Scope]:
    """The file itself, and every function and method."""
    functions = [node for node in ast.walk(evidence.tree) if isinstance(node, ast.FunctionDef)]
    takers = gradient_takers(functions)
    for node in functions:
        yield Scope(node.body, evidence, takers, node.name)
    yield Scope(evidence.tree.body, evidence, takers)


def gradient_takers(functions: list[ast.FunctionDef]) -> frozenset[str]:
    called = {node.name: {name_of(call.func) for call in calls(node)} for node in functions}
    found = {name for name, names in called.items() if names & GRADIENTS}
    while more := {name for name, names in called.items() if names & found} - found:
        found |= more
    return frozenset(found)


def names_bound(target: ast.AST, value: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names of a target, each with its own part of the value where a tuple is taken apart by one."""
    if isinstance(target, ast.Starred):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        apart = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
        for element, part in zip(target.elts, value.elts if apart else [value] * len(target.elts), strict=True):
            yield from names_bound(element, part)


def flatten(body: list[ast.stmt], around: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        yield node, around
        inside = (*around, node) if isinstance(node, LOOPS) else around
        for field in ("body", "orelse", "finalbody"):
            yield from flatten(getattr(node, field, None) or [], inside)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def own_calls(node: ast.stmt) -> Iterator[ast.Call]:
    """Calls in a statement, those in the body of a compound one left out."""
    for field, value in ast.iter_fields(node):
        if field in ("body", "orelse", "finalbody", "handlers"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from calls(part)


def loaded_names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def data_names(node: ast.AST) -> set[str]:
    """Names in an expression without the functions that are called."""
    called = {id(call.func) for call in calls(node)}
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and id(inner) not in called}


def targets_of(node: ast.stmt) -> set[str]:
    """Names that a statement itself binds."""
    if isinstance(node, ast.Assign):
        return set().union(*map(loaded_names, node.targets))
    return loaded_names(node.target) if isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For)) else set()


def is_inline_score(call: ast.Call) -> bool:
    """`(….argmax(-1) == y).mean()`, `jnp.mean(jnp.argmax(…) == y)`, and the like."""
    if name_of(call.func) not in ("mean", "sum", "average", "count_nonzero"):
        return False
    text = ast.unparse(call)
    return (
        "==" in text
        and bool(re.search(r"argmax|guess|pred|answer", text))
        or bool(re.search(r"abs\(.*\) *<=? *0?\.\d", text))
    )
