"""Which names a piece of a program binds, reads at once, and reads only when its functions are called."""

import ast
import dataclasses


@dataclasses.dataclass(frozen=True)
class Names:
    """Names of one statement, all as seen from the module's scope.

    Args:
        binds: names it gives a value.
        changes: names whose objects it stores into (`config.width = 3`, `params["w"] = w`).
        reads: names it reads while it runs.
        later: names that the functions it defines read when called.
    """

    binds: frozenset[str]
    changes: frozenset[str]
    reads: frozenset[str]
    later: frozenset[str]


def names_of(node: ast.AST, annotations: bool = True) -> Names:
    """Names of one statement or expression; `annotations` is False where they are never evaluated."""
    scope = _Scope(annotations)
    scope.visit(node)
    return Names(
        frozenset(scope.stored),
        frozenset(scope.changed),
        frozenset(scope.loaded),
        frozenset(scope.later - scope.loaded),
    )


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` for such an expression, None for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return owner and f"{owner}.{node.attr}"
    return None


def root(node: ast.AST) -> str | None:
    """The name that an attribute, an item or a call starts from: `a` for `a.b[0].c`."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class _Scope(ast.NodeVisitor):
    """One scope: the module's, a function's, a class's or a comprehension's."""

    def __init__(self, annotations: bool):
        self.annotations = annotations
        self.stored: set[str] = set()
        self.changed: set[str] = set()
        self.loaded: set[str] = set()
        self.later: set[str] = set()
        self.declared: set[str] = set()

    def free(self) -> set[str]:
        """Names read here, sooner or later, that belong to an outer scope."""
        return (self.loaded | self.later) - (self.stored - self.declared)

    def visit_all(self, nodes) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node):
        (self.loaded if isinstance(node.ctx, ast.Load) else self.stored).add(node.id)

    def visit_Attribute(self, node):
        self._visit_part(node)

    def visit_Subscript(self, node):
        self._visit_part(node)

    def _visit_part(self, node):
        if isinstance(node.ctx, ast.Store) and (name := root(node)):
            self.changed.add(name)
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        if isinstance(node.target, ast.Name):
            self.loaded.add(node.target.id)
        self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if self.annotations:
            self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_Global(self, node):
        self.declared.update(node.names)

    def visit_Import(self, node):
        self.stored.update(alias.asname or alias.name.split(".")[0] for alias in node.names)

    def visit_ImportFrom(self, node):
        self.stored.update(alias.asname or alias.name for alias in node.names if alias.name != "*")

    def visit_ExceptHandler(self, node):
        self.visit_all([node.type, *node.body])
        self.stored.discard(node.name)

    def visit_MatchAs(self, node):
        if node.name:
            self.stored.add(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node):
        if node.name:
            self.stored.add(node.name)

    def visit_MatchMapping(self, node):
        if node.rest:
            self.stored.add(node.rest)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.stored.add(node.name)
        self.visit_all(node.decorator_list)
        self._visit_function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self._visit_function(node, [node.body])

    def _visit_function(self, node, body):
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        self.visit_all([*arguments.defaults, *arguments.kw_defaults])
        if self.annotations:
            self.visit_all([parameter.annotation for parameter in parameters] + [getattr(node, "returns", None)])
        inner = _Scope(self.annotations)
        inner.stored.update(parameter.arg for parameter in parameters)
        inner.visit_all(body)
        self.later |= inner.free()

    def visit_ClassDef(self, node):
        self.stored.add(node.name)
        self.visit_all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        inner = _Scope(self.annotations)
        inner.visit_all(node.body)
        self.loaded |= inner.loaded - inner.stored
        self.later |= inner.later

    def _visit_comprehension(self, node):
        inner = _Scope(self.annotations)
        inner.generic_visit(node)
        self.loaded |= inner.loaded - inner.stored
        self.later |= inner.later - inner.stored

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension
