"""Which object a line calls when it calls what a loop, an index or an argument gives: read off the text, looked up in a live frame."""

import ast
import dataclasses
import dis
import functools
import linecache
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

FOR_ITER = dis.opmap["FOR_ITER"]
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
PASSING = {"enumerate", "zip", "reversed", "list", "tuple", "iter", "items", "values"}
Span = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of something that is no fixed name.

    Args:
        called: what is called, or what its method is called of: a name, or a container with an index.
        containers: what it may come out of.
        index: its place in the container, where the text says so.
        alone: whether the line does nothing but call one element after the other.
    """

    called: ast.expr
    containers: tuple[ast.expr, ...] = ()
    index: ast.expr | None = None
    alone: bool = False


def call_at(code: CodeType, offset: int, own: bool) -> Call | None:
    """The call that a frame is at; None for one of a fixed name.

    Args:
        own: whether the file is the program's; of a library only functions with a loop are looked at.
    """
    if not own and FOR_ITER not in code.co_code[::2]:
        return None
    line, end_line, column, end_column = list(code.co_positions())[offset // 2]
    return None if line is None else calls_of(code.co_filename).get((line, end_line, column, end_column))


@functools.lru_cache(maxsize=64)
def calls_of(file: str) -> dict[Span, Call]:
    """Every such call of a file."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    found: dict[Span, Call] = {}
    visit(tree, Around(), found)
    return found


@dataclasses.dataclass(frozen=True)
class Around:
    """What is around a piece of text.

    Args:
        arguments: of the innermost function.
        captured: arguments of the functions around that.
        loops: by name, what a loop gives it out of.
        alone: whether the line is nothing but this.
    """

    arguments: frozenset[str] = frozenset()
    captured: frozenset[str] = frozenset()
    loops: dict[str, tuple[ast.expr, ...]] = dataclasses.field(default_factory=dict)
    alone: bool = False


def visit(node: ast.AST, around: Around, found: dict[Span, Call]) -> None:
    whole = None  # what the line is all about
    if isinstance(node, SCOPES):
        given = frozenset(part.arg for part in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs])
        captured = (around.arguments | around.captured) - given
        around = dataclasses.replace(around, arguments=given, captured=captured)
        whole = node.body if isinstance(node, ast.Lambda) else None
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        around = dataclasses.replace(around, loops=around.loops | bound_by(node.target, node.iter))
    elif isinstance(node, COMPREHENSIONS):
        for generator in node.generators:
            around = dataclasses.replace(around, loops=around.loops | bound_by(generator.target, generator.iter))
    elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return)):
        whole = node.value
    elif isinstance(node, ast.Call):
        if name_of(node.func) == "reduce" and len(node.args) > 1:
            around = dataclasses.replace(around, loops=around.loops | reduced_by(*node.args[:2]))
        call = described(node.func, around)
        if call is not None:
            found[node.lineno, node.end_lineno, node.col_offset, node.end_col_offset] = call
            whole = next((part for part in node.args if isinstance(part, ast.Call)), None) if around.alone else None
    for part in ast.iter_child_nodes(node):
        visit(part, dataclasses.replace(around, alone=part is whole), found)


def bound_by(target: ast.expr, iterable: ast.expr) -> dict[str, tuple[ast.expr, ...]]:
    names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
    return dict.fromkeys(names, tuple(containers_in(iterable)))


def reduced_by(function: ast.expr, iterable: ast.expr) -> dict[str, tuple[ast.expr, ...]]:
    """The name that `reduce(lambda x, layer: layer(x), layers, x)` gives one element after the other."""
    if not isinstance(function, ast.Lambda) or len(function.args.args) != 2:
        return {}
    return {function.args.args[1].arg: tuple(containers_in(iterable))}


def containers_in(iterable: ast.expr) -> Iterator[ast.expr]:
    """What a loop goes through: in `enumerate(zip(layers[1:], params))`, `layers` and `params`."""
    if isinstance(iterable, ast.Call):
        if name_of(iterable.func) in PASSING:
            method = isinstance(iterable.func, ast.Attribute)
            for argument in [iterable.func.value] if method else iterable.args:
                yield from containers_in(argument)
    elif isinstance(iterable, ast.Subscript) and isinstance(iterable.slice, ast.Slice):
        yield from containers_in(iterable.value)
    elif isinstance(iterable, (ast.Name, ast.Attribute, ast.Subscript)):
        yield iterable


def described(called: ast.expr, around: Around) -> Call | None:
    if isinstance(called, ast.Attribute) and isinstance(called.value, (ast.Name, ast.Subscript)):
        called = called.value  # a method of the layer
    name = root(called)
    if isinstance(called, ast.Subscript) and isinstance(called.value, ast.Name) and name in around.loops:
        called = called.value  # one half of the pair that a loop gives
    if isinstance(called, ast.Name):
        if name in around.loops:
            return Call(called, around.loops[name], alone=around.alone)
        if name in around.captured:
            return Call(called, alone=around.alone)
        return Call(called) if name in around.arguments and name not in ("self", "cls") else None
    if isinstance(called, ast.Subscript) and not isinstance(called.slice, ast.Slice):
        return Call(called, (called.value,), called.slice, around.alone and isinstance(called.slice, ast.Name))
    return None


def name_of(called: ast.expr) -> str:
    return getattr(called, "id", getattr(called, "attr", ""))


def root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return getattr(node, "id", "")


def value_of(node: ast.expr, frame: FrameType) -> Any:
    """The value of a name, of its attributes and of its elements; never of an array's, which would be computed.

    Raises:
        LookupError, AttributeError, TypeError: it has none yet, or is none of these.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        local = frame.f_locals
        return local[node.id] if node.id in local else dict.__getitem__(frame.f_globals, node.id)
    if isinstance(node, ast.Attribute):
        return getattr(no_array(value_of(node.value, frame)), node.attr)
    if isinstance(node, ast.Subscript):
        return no_array(value_of(node.value, frame))[value_of(node.slice, frame)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -value_of(node.operand, frame)
    raise TypeError("no name")


def value_around(node: ast.expr, frame: FrameType) -> Any:
    """The same where the value may be a function's around the lambda that is run.

    Raises:
        LookupError, AttributeError, TypeError: it has none yet, or is none of these.
    """
    try:
        return value_of(node, frame)
    except LookupError:
        outer = frame.f_back
        if frame.f_code.co_name != "<lambda>" or outer is None or outer.f_code.co_filename != frame.f_code.co_filename:
            raise
        return value_of(node, outer)


def items_of(container: Any) -> list:
    """The elements of a list, tuple or dict, or of what is like one; none of an array."""
    if hasattr(container, "shape") or isinstance(container, str):
        return []
    if isinstance(container, Mapping):
        return list(container.values())
    return list(container) if hasattr(container, "__len__") and hasattr(container, "__getitem__") else []


def no_array(value: Any) -> Any:
    """The value itself.

    Raises:
        TypeError: it is an array.
    """
    if hasattr(value, "dtype"):
        raise TypeError("an array has no layers in it")
    return value
