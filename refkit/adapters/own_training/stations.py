"""Where in a program its training steps and scores stand: what is listened to while its own training runs."""

import ast
import dataclasses
import functools
import re
from collections.abc import Callable

from refkit.adapters.differentiated import FUNCTIONS
from refkit.adapters.own_training.inline_step import inline_loops
from refkit.adapters.parts.data_parameters import DATA, roles_of
from refkit.adapters.parts.slices import called
from refkit.adapters.parts.steps import STEP, UPDATES, own_nodes, takes_steps, trains

STEPS = re.compile(
    r"(jit_?|j)?(train_?(ing_?)?(step|batch|on_batch)|update(_(step|fn|params|model|batch))?|step(_fn)?|fit_batch|sgd_step|"
    r"do_step|one_step|p_train_step|train_one_batch|train_iter)(_?(jit|jitted))?"
)
SCORES = re.compile(
    r"(jit_?)?(accuracy|evaluate|eval(uate)?_?(step|batch|model|fn)?|compute_(metrics|accuracy)|test_?(step|accuracy)|"
    r"share_wrong|score|acc|error_rate|validate|r2|rmse|mae|.*_accuracy|accuracy_.*|(run_)?(test|valid(ate|ation)?|evaluat\w*)"
    r"(_(model|epoch|loop|set|split))?|eval_\w+)"
)
AUGMENTS = re.compile(
    r"(.*_)?(augment\w*|aug|random_\w+|jitter\w*|train(ing)?_transforms?|transforms?_train(ing)?|train_tf|cutout|distort\w*|perturb\w*)(_.*)?",
    re.I,
)
RANDOM = re.compile(r"random|\brng\b|generator|\bkeys?\b", re.I)
LOADERS = re.compile(r"(.*_)?(loader|dataloader|dl|iterator|iter|batches|dataset|ds|stream)")
GRADIENTS = {"grad", "value_and_grad", "apply_gradients", "apply_updates"}


@dataclasses.dataclass(frozen=True, eq=False)
class Station:
    """A function that is listened to.

    Args:
        kind: `step` or `score`.
        name: what the program calls it.
        definition: its syntax; None where that is not known.
        steps: whether it takes gradients and goes by them, rather than only being called after a step.
    """

    kind: str
    name: str
    definition: ast.FunctionDef | None
    steps: bool

    @property
    def is_called_a_step(self) -> bool:
        """Whether what it returns is known well enough for something to stand for it."""
        node = self.definition
        updates = node is not None and any(isinstance(n, ast.Call) and called(n) in UPDATES for n in own_nodes(node))
        return updates or bool(STEPS.fullmatch(self.name) or STEP.fullmatch(self.name))


class Stations:
    """All stations of a file.

    Args:
        tree: its syntax.
    """

    def __init__(self, tree: ast.Module):
        self.tree = tree
        self.tops = {node.name: node for node in tree.body if isinstance(node, FUNCTIONS)}
        functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
        self.steps = [node for node in functions if takes_steps(node, tree, self.tops) and not trains(node)]
        self.loops = inline_loops(tree, self.steps)

    @functools.cached_property
    def has_named_steps(self) -> bool:
        """Whether anything is a step by its name, or takes steps as a function: not only as the body of a loop."""
        nodes = [(node, "") for node in self.tree.body]
        nodes += [(method, cls.name) for cls in self.tree.body if isinstance(cls, ast.ClassDef) for method in cls.body]
        found = (self.of(node, name, owner) for node, owner in nodes for name in names_bound(node))
        return bool(self.steps) or any(station is not None and station.kind == "step" for station in found)

    @functools.cached_property
    def lines_of_scores(self) -> set[int]:
        """Where the program calls one of its scores, from outside of them."""
        scores = {
            name: node
            for body in [self.tree.body, *(cls.body for cls in self.tree.body if isinstance(cls, ast.ClassDef))]
            for node in body
            for name in names_bound(node)
            if kind_of(name) == "score"
        }
        inside = {call for node in scores.values() for call in ast.walk(node)}
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and node not in inside]
        return {call.lineno for call in calls if called(call) in scores}

    def of(self, node: ast.AST, name: str, owner: str = "") -> Station | None:
        """The station that a statement of the module or of a class binds to a name, if it is one.

        Args:
            owner: the class around it; empty for one of the module.
        """
        if isinstance(node, ast.Assign):
            behind = self.step_behind(node.value) if isinstance(node.value, ast.Call) else None
            kind = kind_of(name) if isinstance(node.value, ast.Call) else ""
            if behind is not None and kind != "score":
                return Station("step", name, behind, True)
            return Station(kind, name, self.function_behind(node.value), False) if kind else None
        if not isinstance(node, FUNCTIONS):
            return None
        if node in self.steps:
            return Station("step", name, node, True)
        kind = kind_of(name)
        if owner and kind == "step" and not takes_gradient(node):  # a metric has an `update`, too
            return None
        return Station(kind, name, node, False) if kind else None

    def step_behind(self, value: ast.AST) -> ast.FunctionDef | None:
        """The step in `jax.jit(step)`, `jax.jit(make_step(tx))` or `functools.partial(step, rate)`."""
        words = {part.id for part in ast.walk(value) if isinstance(part, ast.Name)} & set(self.tops)
        for top in (self.tops[word] for word in sorted(words)):
            inside = [step for step in self.steps if holds(top, step)]
            if len(inside) == 1:
                return inside[0]
        return None

    def function_behind(self, value: ast.AST) -> ast.FunctionDef | None:
        inner = [part.id for part in ast.walk(value) if isinstance(part, ast.Name)]
        return next((node for name, node in self.tops.items() if name in inner), None)

    def augments(self, node: ast.AST) -> bool:
        """Whether a statement of the module defines a function that changes examples at random."""
        return isinstance(node, FUNCTIONS) and bool(AUGMENTS.fullmatch(node.name) and RANDOM.search(ast.unparse(node)))

    def makes(self, node: ast.AST) -> bool:
        """Whether a statement of the module defines a function that may give examples with their labels."""
        gives = isinstance(node, FUNCTIONS) and any(isinstance(n, (ast.Tuple, ast.Dict)) for n in returned(node))
        return gives and not any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(node))

    def inside(self, node: ast.AST) -> list[ast.FunctionDef | ast.stmt]:
        """Steps and loops that are steps within a statement, itself left out."""
        return [step for step in [*self.steps, *self.loops] if step is not node and holds(node, step)]


def returned(function: ast.FunctionDef) -> list[ast.expr]:
    return [node.value for node in own_nodes(function) if isinstance(node, ast.Return) and node.value is not None]


def names_bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name] if isinstance(node, FUNCTIONS) else []


def kind_of(name: str) -> str:
    return "step" if STEPS.fullmatch(name) else "score" if SCORES.fullmatch(name) else ""


def takes_gradient(node: ast.AST) -> bool:
    names = {part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "") for part in ast.walk(node)}
    return bool(names & GRADIENTS)


def hears(function: Callable) -> bool:
    """Whether a function takes data, or what gives batches of it, by the names of its parameters."""
    return any(role in DATA or LOADERS.fullmatch(name.lower()) for name, role in roles_of(function).items())


def holds(node: ast.AST, part: ast.AST) -> bool:
    return any(inner is part for inner in ast.walk(node))
