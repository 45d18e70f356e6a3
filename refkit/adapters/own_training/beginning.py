"""What begins a program's training."""

import ast
import dataclasses
from collections.abc import Callable
from typing import Any

from refkit.adapters.differentiated import FUNCTIONS, read_names
from refkit.adapters.parts.data_parameters import parameters_of
from refkit.adapters.parts.slices import called
from refkit.adapters.parts.surroundings import Surroundings

DEFINING = (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclasses.dataclass(frozen=True)
class Beginning:
    """What is run.

    Args:
        name: of the function; `__main__` for statements that are run where the file is.
        line: on which it stands.
        statements: those; empty for a function.
    """

    name: str
    line: int
    statements: tuple[ast.stmt, ...] = ()

    def run(self, surroundings: Surroundings, changed: Callable[[ast.stmt], ast.stmt]) -> None:
        """Run it.

        Args:
            changed: gives a statement with listeners in it.
        """
        loaded = surroundings.loaded
        module = loaded.module.__dict__
        if not self.statements:
            module.get(self.name, loaded.get(self.name))()
            return
        for name in set().union(*map(read_names, self.statements)):
            if loaded.has(name) and name not in module:
                try_to_have(loaded, name)
        tree = ast.fix_missing_locations(ast.Module([changed(statement) for statement in self.statements], []))
        exec(compile(tree, loaded.file, "exec"), dict(module))  # the program's own code


def beginning(surroundings: Surroundings) -> Beginning | None:
    """The block that runs when the file is run, its statements that train, or a function that needs nothing."""
    tree = surroundings.evidence.tree
    whole = surroundings.loaded.program.target.source.whole or tree  # a main block may hold the definitions, too
    for node in whole.body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            return Beginning("__main__", node.lineno, tuple(node.body))
    statements = [node for node in tree.body if not isinstance(node, DEFINING)]
    trains = [node for node in statements if isinstance(node, (ast.For, ast.While)) or calls_own(node, tree)]
    if trains:
        return Beginning("__main__", trains[0].lineno, tuple(statements))
    found = surroundings.find("train")
    if found is None or any(
        p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in parameters_of(found.object) or ()
    ):
        return None
    return Beginning(found.name, found.line)


def calls_own(node: ast.stmt, tree: ast.Module) -> bool:
    """Whether a statement calls a function of the file that has loops: its training."""
    looping = {
        f.name for f in tree.body if isinstance(f, FUNCTIONS) and any(isinstance(n, ast.For) for n in ast.walk(f))
    }
    return any(isinstance(call, ast.Call) and called(call) in looping for call in ast.walk(node))


def try_to_have(loaded: Any, name: str) -> None:
    """Run for a name of the file; what cannot be had is missed where it is read."""
    try:
        loaded.get(name)
    except Exception:  # noqa: BLE001: whatever its statement raises
        return
