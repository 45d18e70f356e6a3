"""What the elements of a file's lists, tuples, dicts and calls were when it ran, so that a layer is known by where it is listed."""

import ast
import collections
import copy
import functools
import itertools
import types
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

KEPT = 16  # times that one list is remembered, the latest
PLACES_KEPT = 128  # of one thing, the latest
COPIES_KEPT = 4096
RECORD = "<listed>"  # no name that a file can have
BY_IDENTITY = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
FUNCTIONS_OF = {"jax", "jaxlib", "numpy"}
PLAIN = (str, int, float, bool, bytes, type(None))
ADDING = ("append", "add", "insert")

Listing = tuple[
    str, tuple[tuple[int, int], ...], int | None
]  # file, first and last line of each element, the starred one


class Place(NamedTuple):
    """One element of a list that was made: when, in which list of the text, and which element of it."""

    time: int
    listing: Listing
    position: int


class Elements:
    """Which object stood at which place of which list."""

    def __init__(self):
        self.places: dict[int, collections.deque[Place]] = {}  # by what was listed, in the order of time
        self.listings: dict[Any, set[Listing]] = {}
        self.kept: dict[Listing, collections.deque] = {}
        self.copies: collections.deque = collections.deque()
        self.whole: set[int] = set()  # elements, which a list of them that is handed on does not make its parts
        self.clock = itertools.count()

    def record(self, listing: Listing, given: Any, fewest: int = 1) -> Any:
        """Remember a list that has just been made, if that many of its elements are layers; gives it back as it is."""
        values = items_of(given)
        if sum(map(is_layer, values)) < fewest:
            return given
        kept = self.kept.setdefault(listing, collections.deque())
        kept.append(values)
        if len(kept) > KEPT:
            self.forget(listing, kept.popleft())
        for position, value in self.placed(listing, values):
            place = Place(next(self.clock), listing, position)
            self.whole.add(id(value))
            for part in (value, *(part for part in parts_of(value) if id(part) not in self.whole)):
                self.places.setdefault(id(part), collections.deque(maxlen=PLACES_KEPT)).append(place)
        if listing[2] is None:
            for signature in signatures(values):
                self.listings.setdefault(signature, set()).add(listing)
        return given

    def copied(self, original: Any, copy: Any) -> None:
        """What is made from a listed thing stands where that does."""
        if copy is original or id(original) not in self.places or id(copy) in self.places:
            return
        self.places[id(copy)] = self.places[id(original)].copy()
        self.copies.append(copy)
        if len(self.copies) > COPIES_KEPT:
            self.places.pop(id(self.copies.popleft()), None)

    def forget(self, listing: Listing, values: list) -> None:
        still = {id(part) for kept in self.kept[listing] for value in kept for part in (value, *parts_of(value))}
        for value in values:
            for part in (value, *parts_of(value)):
                if id(part) not in still and id(part) in self.places:
                    left = [place for place in self.places[id(part)] if place.listing != listing]
                    self.places[id(part)] = collections.deque(left, PLACES_KEPT)

    @staticmethod
    def placed(listing: Listing, values: list) -> Iterable[tuple[int, Any]]:
        """The layers with their places in the text: what stands behind a starred element is counted from the end."""
        _, lines, starred = listing
        behind = 0 if starred is None else len(lines) - starred - 1
        for k, value in enumerate(values):
            if not is_layer(value):
                continue
            if starred is None or k < starred:
                yield k, value
            elif k >= len(values) - behind:
                yield k - len(values) + len(lines), value

    def listing_like(self, items: list) -> Listing | None:
        """The one list in the text that was made of these items, or of copies of them."""
        found = self.listings.get(next(iter(signatures(items)), None), ())
        return next(iter(found)) if len(found) == 1 else None

    def places_of(self, thing: Any) -> list[Place]:
        """Every place at which an object was listed, in the order of time."""
        return list(self.places.get(id(thing), ()))


def items_of(given: Any) -> list:
    return list(given.values()) if isinstance(given, Mapping) else list(given)


def is_layer(value: Any) -> bool:
    """Whether it can be called, or holds something that can, as the pair of an `init` and an `apply` does."""
    if isinstance(value, PLAIN) or hasattr(type(value), "dtype") and hasattr(type(value), "shape"):
        return False
    return callable(value) and not isinstance(value, type) or any(map(is_layer, parts_of(value)))


def parts_of(value: Any) -> tuple:
    """The functions and modules in a pair or a short record."""
    if type(value) not in (tuple, list, dict) and not hasattr(type(value), "_fields") or len(value) > 4:
        return ()
    return tuple(part for part in items_of(value) if callable(part) and not isinstance(part, type))


def signatures(values: list) -> Iterable[Any]:
    """By what a list is known again: functions by what they are, modules by their class, pairs also half by half."""
    yield tuple(map(kind_of, values))
    pairs = [value for value in values if isinstance(value, (tuple, list))]
    if pairs and len(pairs) == len(values) and len({len(pair) for pair in pairs}) == 1:
        for column in zip(*pairs):
            if any(map(is_layer, column)):
                yield tuple(map(kind_of, column))


def kind_of(value: Any) -> Any:
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, (tuple, list)):
        return tuple(map(kind_of, value))
    if isinstance(value, BY_IDENTITY) or callable(value) and type(value).__module__.partition(".")[0] in FUNCTIONS_OF:
        return id(value)
    return type(value)


def recording(statement: ast.stmt, file: str) -> ast.stmt:
    """A statement that does what this one does, and tells of the lists that it makes."""
    return ast.fix_missing_locations(Recording(file).visit(copy.deepcopy(statement)))


class Recording(ast.NodeTransformer):
    """Hands every list, tuple and dict of layers, and what calls are given if it is several layers, to `RECORD`."""

    def __init__(self, file: str):
        self.file = file

    def visit_FunctionDef(self, node):
        node.body = [self.visit(part) for part in node.body]
        node.args.defaults = [self.visit(part) for part in node.args.defaults]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        node.body = [self.visit(part) for part in node.body]
        return node

    def visit_AnnAssign(self, node):
        node.value = node.value and self.visit(node.value)
        return node

    def visit_Subscript(self, node):
        node.value = self.visit(node.value)
        return node

    def visit_JoinedStr(self, node):
        return node

    def visit_List(self, node):
        return self.recorded(self.generic_visit(node), node.elts) if isinstance(node.ctx, ast.Load) else node

    visit_Tuple = visit_List

    def visit_Dict(self, node):
        self.generic_visit(node)
        return node if None in node.keys else self.recorded(node, node.values)

    def visit_Call(self, node):
        self.generic_visit(node)
        adds = isinstance(node.func, ast.Attribute) and node.func.attr in ADDING
        if len(node.args) > 1 or adds and node.args:
            given = ast.copy_location(ast.Tuple(node.args, ast.Load()), node)
            made = self.recorded(given, node.args, 1 if adds else 2)
            if made is not given:
                node.args = [ast.copy_location(ast.Starred(made, ast.Load()), node)]
        return node

    def recorded(self, node: ast.expr, elements: list[ast.expr], fewest: int = 1) -> ast.expr:
        starred = [k for k, element in enumerate(elements) if isinstance(element, ast.Starred)]
        if not any(may_be_layer(element) for element in elements) or len(starred) > 1:
            return node
        lines = tuple((element.lineno, element.end_lineno) for element in elements)
        listing = ast.Constant((self.file, lines, starred[0] if starred else None))
        call = ast.Call(ast.Name(RECORD, ast.Load()), [listing, node, ast.Constant(fewest)], [])
        return ast.copy_location(call, node)


def may_be_layer(element: ast.expr) -> bool:
    return isinstance(element, (ast.Name, ast.Attribute, ast.Call, ast.Lambda, ast.Tuple, ast.List, ast.Dict))
