"""Values of the file's expressions where they stand: of the function around them only what they need is run."""

import ast
import copy
import re
from collections.abc import Iterator
from typing import Any

from refkit.adapters.differentiated import FUNCTIONS, bound_names, read_names
from refkit.adapters.parts.surroundings import Surroundings

LOADS = re.compile(
    r".*(load|fetch|download|dataset|tfds|urlopen).*|open|read_.*|get_(mnist|data|digits)|train|fit|main|system", re.I
)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
DEPTH = 8


class Unresolved(Exception):
    """An expression whose value follows from something that is not in the file."""


class Slices:
    """Evaluates expressions of a file where they stand.

    Args:
        surroundings: the file.
        stand_ins: what stands for arguments of its functions where no call says what they are.
    """

    def __init__(self, surroundings: Surroundings, stand_ins: dict[str, Any] | None = None):
        self.stand_ins = stand_ins or {}
        self.loaded, self.evidence = surroundings.loaded, surroundings.evidence
        self.tree = surroundings.evidence.tree
        self.around = {id(node): scopes for node, scopes in with_scopes(self.tree, ())}

    def value(
        self, expression: ast.expr, place: ast.AST, given: dict[str, Any], depth: int = 0, scopes: tuple | None = None
    ) -> Any:
        """What an expression gives at a place in the file.

        Args:
            place: the node before which it is evaluated.
            given: values of names that are not to be computed.
            scopes: the functions around it, where `place` is not in the file: then it stands at their end.

        Raises:
            Unresolved: it needs a name that nothing gives.
            Exception: whatever the file's own statements raise.
        """
        if depth > DEPTH:
            raise Unresolved("the expression is nested too deeply")
        scopes = self.around.get(id(place), ()) if scopes is None else scopes
        statements = before(scopes[-1].body, place) if scopes else []
        kept, needed = needed_statements(expression, statements, set(given))
        for statement in kept:
            if loading := next((name for name in map(called, calls_in(statement)) if LOADS.fullmatch(name)), None):
                raise Unresolved(f"it would call `{loading}`")
        arguments = {name: given[name] for name in given}
        for name in sorted(needed - set(given)):
            found = self.outer(name, scopes, given, depth)
            if found is not MISSING:
                arguments[name] = found
        return run_slice(kept, expression, arguments, given, self.variables(kept, expression), self.loaded.file)

    def outer(self, name: str, scopes: tuple, given: dict[str, Any], depth: int) -> Any:
        """A name that the innermost function does not bind: its own argument, a closure, or the module's."""
        for level in range(len(scopes) - 1, -1, -1):
            function = scopes[level]
            if name in argument_names(function):
                return self.argument(function, name, given, depth)
            if level and any(name in bound_names(statement) for statement in scopes[level - 1].body):
                return self.value(ast.Name(name, ast.Load()), function, given, depth + 1)
        return MISSING

    def argument(self, function: ast.FunctionDef, name: str, given: dict[str, Any], depth: int) -> Any:
        """What the file calls a function with, else the argument's default."""
        for call in self.calls(function.name):
            expression = argument_of(call, function, name)
            if expression is not None:
                try:
                    return self.value(expression, call, given, depth + 1)
                except Unresolved:
                    continue
                except Exception as error:  # noqa: BLE001: the file's own statements may raise anything
                    if name not in self.stand_ins:
                        raise Unresolved(f"`{name}` of `{function.name}`: {error}") from error
        default = defaults(function).get(name)
        if default is not None:
            return self.value(default, function, given, depth + 1)
        if name in self.stand_ins:
            return self.stand_ins[name]
        raise Unresolved(f"nothing in the file says what `{name}` of `{function.name}` is")

    def calls(self, name: str) -> list[ast.Call]:
        """Calls of a function by its name, those in a loop first."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and called(node) == name]
        return sorted(found, key=lambda node: not self.in_loop(node))

    def in_loop(self, place: ast.AST) -> bool:
        return any(isinstance(node, (*LOOPS, ast.ListComp)) and contains(node, place) for node in ast.walk(self.tree))

    def variables(self, kept: list[ast.stmt], expression: ast.expr) -> dict[str, Any]:
        """The module's names, those that the statements read being there."""
        for name in set().union(read_names(expression), *(read_names(statement) for statement in kept)):
            try:
                if self.loaded.has(name):
                    self.loaded.get(name)
            except Exception:  # noqa: BLE001: the statements say themselves what they lack
                continue
        return self.evidence.namespace.variables


MISSING = object()


def with_scopes(node: ast.AST, scopes: tuple) -> Iterator[tuple[ast.AST, tuple]]:
    """Every node with the functions around it, outermost first."""
    for child in ast.iter_child_nodes(node):
        yield child, scopes
        yield from with_scopes(child, (*scopes, child) if isinstance(child, FUNCTIONS) else scopes)


def calls_in(statement: ast.stmt) -> list[ast.Call]:
    """Calls that a statement makes when it is run, those in functions that it defines left out."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return []
    return [node for node in ast.walk(statement) if isinstance(node, ast.Call)]


def contains(node: ast.AST, place: ast.AST) -> bool:
    return any(inner is place for inner in ast.walk(node))


def before(body: list[ast.stmt], place: ast.AST) -> list[ast.stmt]:
    """Statements that run before a place, at every level on the way to it; all of them where it is not in the body."""
    found: list[ast.stmt] = []
    for statement in body:
        if not contains(statement, place):
            found.append(statement)
            continue
        if isinstance(statement, FUNCTIONS):
            return found
        for field in ("body", "orelse", "finalbody"):
            block = getattr(statement, field, None) or []
            if any(contains(inner, place) for inner in block):
                return found + before(block, place)
        return found
    return found


def needed_statements(
    expression: ast.expr, statements: list[ast.stmt], given: set[str]
) -> tuple[list[ast.stmt], set[str]]:
    """The statements that an expression's names follow from, in their order, and the names that none of them binds."""
    needed = read_names(expression) - given
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        bound = bound_names(statement)
        if isinstance(statement, (*LOOPS, ast.Import, ast.ImportFrom, ast.Return)) and not imports(statement, needed):
            continue
        if imports(statement, needed) or bound & needed:
            kept.insert(0, statement)
            if not isinstance(statement, (ast.AugAssign, ast.If)):
                needed -= bound
            needed |= free_names(statement) - given
    return kept, needed


def free_names(node: ast.AST) -> set[str]:
    """Names that a statement reads from around it: of a function, neither its arguments nor what it binds itself."""
    if not isinstance(node, FUNCTIONS):
        return read_names(node)
    outside = [
        *node.decorator_list,
        *node.args.defaults,
        *(value for value in node.args.kw_defaults if value is not None),
    ]
    inside = set().union(*(free_names(statement) for statement in node.body))
    bound = set().union(*(bound_names(statement) for statement in node.body)) | set(argument_names(node))
    variadic = {argument.arg for argument in (node.args.vararg, node.args.kwarg) if argument is not None}
    return (inside - bound - variadic) | set().union(*map(read_names, outside))


def imports(statement: ast.stmt, needed: set[str]) -> bool:
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    return any((alias.asname or alias.name.split(".")[0]) in needed for alias in statement.names)


def run_slice(kept, expression, arguments: dict[str, Any], given, variables, file: str) -> Any:
    body: list[ast.stmt] = []
    for statement in kept:
        body.append(statement)
        for name in sorted(bound_names(statement) & set(given)):  # what is given stays as it was given
            body.append(ast.Assign([ast.Name(name, ast.Store())], ast.Name(f"__given_{name}", ast.Load())))
    body.append(ast.Return(expression))
    names = list(arguments) + [f"__given_{name}" for name in given]
    parameters = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    function = ast.FunctionDef("__slice", parameters, copy.deepcopy(body), [])
    module = ast.fix_missing_locations(ast.Module([function], []))
    made: dict[str, Any] = {}
    exec(compile(module, file, "exec"), variables, made)
    return made["__slice"](**arguments, **{f"__given_{name}": value for name, value in given.items()})


def called(call: ast.Call) -> str:
    function = call.func
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def argument_names(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    given = function.args
    places = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    found = dict(zip(places[len(places) - len(given.defaults) :], given.defaults, strict=True))
    return found | {a.arg: value for a, value in zip(given.kwonlyargs, given.kw_defaults) if value is not None}


def argument_of(call: ast.Call, function: ast.FunctionDef, name: str) -> ast.expr | None:
    """The expression that a call gives for a parameter; None where it leaves it out or unpacks something there."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = argument_names(function)
    if names and names[0] in ("self", "cls"):
        names = names[1:]
    place = names.index(name) if name in names else len(call.args)
    if any(isinstance(argument, ast.Starred) for argument in call.args[: place + 1]):
        return None
    return call.args[place] if place < len(call.args) else None
