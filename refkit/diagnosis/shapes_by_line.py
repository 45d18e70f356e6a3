"""What each line of a file gives while a function runs, up to where it raises: shapes and dtypes of its variables."""

import ast
import dataclasses
import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from refkit.diagnosis.blame import statement_lines

TOGETHER = 3  # arrays of one tuple that are looked at


@dataclasses.dataclass(frozen=True)
class Given:
    """An array that a line gives.

    Args:
        line: first line of the statement, 1-based.
    """

    line: int
    dtype: str
    shape: tuple[int, ...]


@dataclasses.dataclass
class Recording:
    """One call of a file's function from outside of the file.

    Args:
        entered: arrays that it was called with.
        given: what its lines gave, in order, those of further functions of the file included.
        error: what it raised, or None.
        line: the innermost line that raised.
    """

    entered: list[Given]
    given: list[Given] = dataclasses.field(default_factory=list)
    error: BaseException | None = None
    line: int | None = None


class Enough(BaseException):
    """Ends the run once the call that was looked for has been seen."""


class Recorder:
    """Listens to the frames of one file.

    Args:
        file: its name in code objects.
        source: its text.
        wanted: whether a call that has ended is the one looked for.
    """

    def __init__(self, file: str, source: str, wanted: Callable[[Recording], bool]):
        self.file, self.source, self.wanted = file, source, wanted
        self.found: Recording | None = None
        self.frames: list[FrameType] = []
        self.before: dict[FrameType, dict[str, Any]] = {}
        self.last: dict[FrameType, int] = {}
        self.current: Recording | None = None

    def listen(self, run: Callable[[], Any]) -> Recording | None:
        """Run, and give the call looked for; None where it did not happen."""
        outer = sys.gettrace()
        sys.settrace(self.enter)
        try:
            run()
        except (Enough, Exception, SystemExit):  # noqa: BLE001: that it raises is why it is run
            pass
        finally:
            sys.settrace(outer)
        return self.found

    def enter(self, frame: FrameType, event: str, argument: Any):
        if frame.f_code.co_filename != self.file or event != "call" or frame.f_code.co_name == "<module>":
            return None
        if not self.frames:
            entered = [given for value in frame.f_locals.values() for given in arrays(value, frame.f_lineno)]
            self.current = Recording(entered)
        self.frames.append(frame)
        self.before[frame] = dict(frame.f_locals)
        return self.step

    def step(self, frame: FrameType, event: str, argument: Any):
        if not self.frames or self.current is None:
            return None
        if event == "exception":
            error = argument[1]
            if self.current.error is not error:
                self.current.error, self.current.line = error, frame.f_lineno
            return self.step
        raising = self.current.error is not None and event == "return" and argument is None
        if not raising:
            self.current.error = None
            self.note(frame)
        if event == "return":
            if not raising and argument is not None:
                self.add(argument, self.last.get(frame, frame.f_lineno))
            self.leave(frame)
        else:
            self.last[frame] = frame.f_lineno
        return self.step

    def note(self, frame: FrameType):
        """The local variables that the line just run has made or changed."""
        before, now, line = self.before[frame], dict(frame.f_locals), self.last.get(frame)
        if line is not None and computes(self.source, line):
            for name, value in now.items():
                if before.get(name) is not value:
                    self.add(value, line)
        self.before[frame] = now

    def add(self, value: Any, line: int):
        for given in arrays(value, statement_lines(self.source, line)[0]):
            if not self.current.given or self.current.given[-1] != given:
                self.current.given.append(given)

    def leave(self, frame: FrameType):
        while self.frames and self.frames.pop() is not frame:
            pass
        self.before.pop(frame, None)
        self.last.pop(frame, None)
        if self.frames:
            return
        recording, self.current = self.current, None
        if self.wanted(recording):
            self.found = recording
            raise Enough


def arrays(value: Any, line: int) -> list[Given]:
    """An array, or the first arrays of a tuple or a dict."""
    if isinstance(value, (tuple, list, dict)):
        inner = list(value.values() if isinstance(value, dict) else value)[:TOGETHER]
        return [given for one in inner if not isinstance(one, (tuple, list, dict)) for given in arrays(one, line)]
    aval = getattr(value, "aval", None)
    if aval is None or not hasattr(aval, "shape") or not hasattr(aval, "dtype"):
        return []
    return [Given(line, str(aval.dtype), tuple(aval.shape))]


@functools.lru_cache(maxsize=2048)
def computes(source: str, line: int) -> bool:
    """Whether the statement of a line does more than give a name to what is there: `w = params["w"]` does not."""
    lines = statement_lines(source, line)
    return any(
        changes(node)
        for statement in ast.walk(parsed(source))
        if isinstance(statement, ast.stmt) and (statement.lineno, statement.end_lineno) == lines
        for node in ast.walk(statement)
    )


def changes(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("T", "mT")
    return isinstance(node, (ast.Call, ast.BinOp, ast.UnaryOp, ast.Slice))


@functools.lru_cache(maxsize=16)
def parsed(source: str) -> ast.Module:
    return ast.parse(source)
