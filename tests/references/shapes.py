"""Shape comments, and the values that pass by on their lines."""

import ast
import dataclasses
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

TYPES = {"f32": np.float32, "f64": np.float64, "i32": np.int32, "i64": np.int64, "u8": np.uint8}
COMMENT = re.compile(r"#\s*(f32|f64|i32|i64|u8)\[([^\]]*)\]")


@dataclasses.dataclass(frozen=True)
class Line:
    """A line that ends in a shape: `names` are assigned on it, or none if it returns."""

    number: int
    names: tuple[str, ...]
    dtype: type
    shape: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Seen:
    """A value that a line has given."""

    line: int
    dtype: np.dtype
    shape: tuple[int, ...]


def read_lines(file: Path) -> dict[int, Line]:
    """The lines of a file that end in a shape."""
    source = file.read_text(encoding="utf-8")
    statements = {
        node.lineno: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign | ast.Return)
    }
    lines = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := COMMENT.match(token.string)):
            number = token.start[0]
            shape = tuple(part.strip() for part in found[2].split(",") if part.strip())
            lines[number] = Line(number, assigned(statements[number]), TYPES[found[1]], shape)
    return lines


def assigned(statement: ast.Assign | ast.Return) -> tuple[str, ...]:
    if isinstance(statement, ast.Return):
        return ()
    (target,) = statement.targets
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    return tuple(target.id for target in targets if target.id != "_")


def watch(file: Path, lines: dict[int, Line], call: Callable[[], object]) -> Iterator[Seen]:
    """Run `call` and give every value that a line with a shape comment has given, under tracing or not."""
    seen: list[Seen] = []

    def record(number: int, value) -> None:
        seen.append(Seen(number, np.dtype(value.dtype), tuple(value.shape)))

    def follow(frame, event, argument):
        if frame.f_code.co_filename != str(file):
            return None
        before = None

        def step(frame, event, argument):
            nonlocal before
            line = lines.get(before)
            if line and line.names and event in ("line", "return"):
                for name in line.names:
                    record(line.number, frame.f_locals[name])
            if line and not line.names and event == "return" and argument is not None:
                record(line.number, argument)
            before = frame.f_lineno if event == "line" else None
            return step

        return step

    kept = sys.gettrace()
    sys.settrace(follow)
    try:
        call()
    finally:
        sys.settrace(kept)
    return iter(seen)


def agrees(seen: Seen, line: Line, sizes: dict[str, int]) -> bool:
    """Whether a value is what its comment says, with `sizes` for the axes that have names."""
    wanted = tuple(sizes[axis] if axis in sizes else int(axis) for axis in line.shape)
    return seen.shape == wanted and seen.dtype == line.dtype
