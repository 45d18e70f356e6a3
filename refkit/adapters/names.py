"""The names of a loaded file, had when they are asked for."""

import ast
import builtins
from typing import Any

MISSING = object()


class Names:
    """A module's names as a mapping; asking for one runs no more than what it needs.

    Args:
        module: the loaded module.
        tree: its syntax, for which names it binds.
    """

    def __init__(self, module: Any, tree: ast.Module):
        self.module = module
        self.variables: dict[str, Any] = module if isinstance(module, dict) else vars(module)
        self.assigned: dict[str, ast.AST] = {}
        for node in tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    self.assigned |= unpack(target, node.value)
        self.classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, or `default` where the module cannot give it."""
        if name in self.variables:
            return self.variables[name]
        try:
            return getattr(self.module, name)
        except Exception:
            return getattr(builtins, name, default)

    def __contains__(self, name: str) -> bool:
        return self.get(name, MISSING) is not MISSING

    def instances(self, cls: type) -> list[Any]:
        """What top-level statements bind to calls of a class."""
        names = [
            name
            for name, value in self.assigned.items()
            if isinstance(value, ast.Call)
            and getattr(value.func, "id", getattr(value.func, "attr", "")) == cls.__name__
        ]
        return [value for value in map(self.get, names) if isinstance(value, cls)]


def unpack(target: ast.AST, value: ast.AST) -> dict[str, ast.AST]:
    """Names bound by an assignment, with their expressions where a tuple is taken apart by one."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    found: dict[str, ast.AST] = {}
    if isinstance(target, (ast.Tuple, ast.List)):
        values = (
            value.elts if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts) else None
        )
        for index, element in enumerate(target.elts):
            if isinstance(element, ast.Name):
                found[element.id] = values[index] if values else ast.Constant(None)
    return found
