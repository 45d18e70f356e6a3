"""What a train step returns, taken apart: the values to carry on, and the loss."""

import ast
import re
from typing import Any

import jax
import jax.numpy as jnp

from refkit.adapters.parts.carrying import at, children, has_objects, subtrees
from refkit.adapters.parts.steps import Step

LOSS = re.compile(r"(.*_)?(loss|losses|value|cost|objective|nll|ce|mse|l|val)(_.*)?", re.I)


class Returned:
    """Takes apart what a step returns.

    Args:
        step: the step, for the names in its `return`.
        roles: what each of its parameters is for.
    """

    def __init__(self, step: Step, roles: dict[str, str]):
        self.roles = roles
        self.names = returned_names(step.definition)

    def take_apart(self, result: Any, values: dict[str, Any]) -> tuple[dict[str, Any], jax.Array | None]:
        """The carried values after the step, and its loss; what it does not return stays as it was.

        Args:
            values: the carried values before the step, NNX objects as the step has left them.
        """
        after, taken = dict(values), set()
        for name in self.order(values):
            value = values[name]
            if has_objects(value):
                if type(result) is type(value) and result is not value:
                    after[name] = result
                continue
            place = self.place_of(name, value, result, taken)
            if place is not None:
                after[name] = at(result, place)
                taken.add(place)
            elif self.roles[name] == "count" and is_scalar(value):
                after[name] = value + 1  # the file's loop counts
        return after, self.loss(result, taken)

    def order(self, values: dict[str, Any]) -> list[str]:
        """Parameters first: what else is built as they are comes behind them."""
        return sorted(values, key=lambda name: self.roles[name] not in ("params", "state"))

    def place_of(self, name: str, value: Any, result: Any, taken: set) -> tuple[int, ...] | None:
        """Where in the result the next value is: under its own name, else the first part of the same build."""
        if not jax.tree.leaves(value):
            return None
        places = [place for place, _ in subtrees(result, value) if not any(inside(place, other) for other in taken)]
        if not places:
            places = [place for place, _ in alike(result, value) if not any(inside(place, other) for other in taken)]
        places = [place for place in places if self.may_be(name, value, place, result)]
        named = [place for place in places if self.name_at(result, place) == name]
        told = [
            place
            for place in places
            if self.name_at(result, place) in self.roles and self.name_at(result, place) != name
        ]
        rest = [place for place in places if place not in told] or places
        return (named or rest or [None])[0]

    def may_be(self, name: str, value: Any, place: tuple[int, ...], result: Any) -> bool:
        """A number may be anything: it is carried on only where it is called so."""
        if is_scalar(value):
            told = self.name_at(result, place)
            return told is not None and (told == name or told.endswith(name) or told.startswith(name))
        return True

    def name_at(self, result: Any, place: tuple[int, ...]) -> str | None:
        """What the step calls a part of its result: in its `return`, or by key."""
        names: Any = self.names
        here = result
        for number in place:
            if isinstance(here, dict):
                return str(sorted(here)[number]) if all(isinstance(key, str) for key in here) else None
            if hasattr(here, "_fields"):
                return here._fields[number]
            if isinstance(here, tuple) and isinstance(names, list) and len(names) == len(here):
                names, here = names[number], here[number]
                continue
            return None
        return names if isinstance(names, str) else None

    def loss(self, result: Any, taken: set) -> jax.Array | None:
        """The scalar that is called a loss, else the first one."""
        found: list[tuple[bool, int, jax.Array]] = []
        for number, (path, leaf) in enumerate(walk(result, ())):
            if any(inside(path, other) for other in taken) or not hasattr(leaf, "dtype"):
                continue
            if leaf.shape == () and jnp.issubdtype(leaf.dtype, jnp.floating):
                name = self.name_at(result, path) or ""
                found.append((not LOSS.fullmatch(name), number, leaf))
        return min(found, key=lambda entry: entry[:2])[2] if found else None


def is_scalar(value: Any) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "shape", None) == ()


def walk(node: Any, path: tuple[int, ...]):
    parts = children(node)
    if parts is None:
        yield path, node
        return
    for number, part in enumerate(parts[0]):
        yield from walk(part, (*path, number))


def inside(place: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return place[: len(other)] == other


def alike(result: Any, value: Any):
    """Parts of the result with leaves of the same shapes in the same order, however they are put together."""
    shapes = [tuple(getattr(leaf, "shape", ())) for leaf in jax.tree.leaves(value)]
    level: list[tuple[tuple[int, ...], Any]] = [((), result)]
    while level:
        below: list[tuple[tuple[int, ...], Any]] = []
        for place, node in level:
            leaves = jax.tree.leaves(node)
            if [tuple(getattr(leaf, "shape", ())) for leaf in leaves] == shapes:
                yield place, node
            elif (parts := children(node)) is not None:
                below += [((*place, number), part) for number, part in enumerate(parts[0])]
        level = below


def returned_names(definition: ast.FunctionDef | None) -> Any:
    """Names in the last `return` of a function, nested as its tuples are; None for an expression that is no name."""
    if definition is None:
        return None
    returns = [node for node in definition.body if isinstance(node, ast.Return)]
    return names_of(returns[-1].value) if returns else None


def names_of(node: ast.AST | None) -> Any:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Tuple):
        return [names_of(entry) for entry in node.elts]
    return None
