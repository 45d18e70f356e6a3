"""The top-level statements of a file: what each binds, what it reads, and whether it may be run."""

import ast
import dataclasses

from refkit.loading.effects import Effects, is_main_guard
from refkit.loading.names import names_of, root
from refkit.loading.source import Source

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


@dataclasses.dataclass(frozen=True, eq=False)
class Statement:
    """One top-level statement.

    Args:
        index: its place in the file, from 0.
        node: its syntax tree.
        runnable: what is run when one of its names is needed (a compound statement without its refused parts).
        binds: names it gives a value.
        changes: names bound before it whose objects it changes.
        reads: names it reads while it runs.
        later: names that functions it defines read when called.
        refusal: why it is never run, or None.
        star: module that it imports everything from, or None.
    """

    index: int
    node: ast.stmt
    runnable: ast.stmt | None
    binds: frozenset[str]
    changes: frozenset[str]
    reads: frozenset[str]
    later: frozenset[str]
    refusal: str | None
    star: ast.ImportFrom | None = None

    @property
    def line(self) -> int:
        """1-based line on which it starts, decorators left aside."""
        return self.node.lineno

    @property
    def writes(self) -> frozenset[str]:
        """Names whose value it has a part in."""
        return self.binds | self.changes

    @property
    def is_definition(self) -> bool:
        """Whether it defines a function or a class."""
        return isinstance(self.node, DEFINITIONS)


def statements_of(source: Source, effects: Effects) -> tuple[Statement, ...]:
    """Every top-level statement of a file, in order."""
    found, imported = [], set()
    for index, node in enumerate(source.tree.body):
        statement = _statement(index, node, source, effects, frozenset(imported))
        found.append(statement)
        if isinstance(node, IMPORTS):
            imported |= statement.binds
    return tuple(found)


def _statement(index: int, node: ast.stmt, source: Source, effects: Effects, imported: frozenset[str]) -> Statement:
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        return Statement(index, node, None, *(frozenset(),) * 4, refusal=None, star=node)
    names = names_of(node, source.annotations)
    binds, changes = names.binds, names.changes - imported
    if isinstance(node, ast.Import):
        changes |= frozenset(alias.name.split(".")[0] for alias in node.names if "." in alias.name and not alias.asname)
    changes |= effects.changed_by_call(node, imported)
    if isinstance(node, DEFINITIONS):  # `@rectify.defjvp` gives `rectify` its rule
        changes |= {root(d) for d in node.decorator_list if isinstance(d, ast.Attribute)} - imported - {None}
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.If, ast.Try)):
        inner = (part for part in ast.walk(node) if isinstance(part, ast.Expr))
        changes = changes.union(*(effects.changed_by_call(part, imported) for part in inner))
    runnable, refusal = _runnable(node, effects, binds | changes)
    return Statement(index, node, runnable, binds, frozenset(changes), names.reads | changes, names.later, refusal)


def _runnable(node: ast.stmt, effects: Effects, writes: frozenset[str]) -> tuple[ast.stmt | None, str | None]:
    if isinstance(node, (*DEFINITIONS, *IMPORTS)):
        return node, None
    if isinstance(node, ast.If) and is_main_guard(node.test):
        return None, "runs only as a script"
    if not writes or isinstance(node, (ast.Delete, ast.Assert, ast.Raise)):
        return None, effects.describe(node)
    pruned = effects.prune(node)
    return pruned, None if pruned is not None else effects.refusal(node)
