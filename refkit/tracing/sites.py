"""From an equation to the program's own line. The one file that touches JAX's internal source information."""

import contextlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import jax
from jax._src import source_info_util

from refkit.tracing.trace import Site

LIBRARIES = tuple(
    sorted({sysconfig.get_paths()[name] + os.sep for name in ("purelib", "platlib", "stdlib")})
    + [os.path.dirname(os.path.dirname(jax.__file__)) + os.sep, os.path.dirname(os.path.dirname(__file__)) + os.sep]
)


class Sites:
    """Finds the innermost frame of a program's own code.

    Args:
        files: names of files that count as the program's own although they lie inside a library or nowhere at all.
    """

    def __init__(self, files: tuple[str, ...] = ()):
        self.files = frozenset(files)
        self.seen: dict = {}

    def of(self, source_info) -> Site | None:
        traceback = source_info.traceback
        if traceback is None:
            return None
        if traceback not in self.seen:
            self.seen[traceback] = self.find(traceback)
        return self.seen[traceback]

    def within(self, site: Site | None, outer: Site | None) -> Site | None:
        """The place of a step inside a function that `outer` calls."""
        return site or outer

    def find(self, traceback) -> Site | None:
        """The innermost own frame. Inside a jitted function JAX keeps no more of the stack than the function itself."""
        codes, lasti = traceback.raw_frames()
        for code, offset in zip(codes, lasti):
            name = code.co_filename
            if self.own(name):
                frame = source_info_util.raw_frame_to_frame(code, offset)
                return Site(
                    name, frame.start_line, frame.end_line or frame.start_line, frame.start_column, frame.function_name
                )
        return None

    def own(self, file: str) -> bool:
        if file in self.files:
            return True
        return not file.startswith(LIBRARIES) and not file.startswith("<") and not file.endswith(" (reference)")


def live_frames(traceback: Any, frame: FrameType) -> list[FrameType | None]:
    """The frame of every entry of a traceback that was taken in a function that this one called; None where it is over."""
    codes, _ = traceback.raw_frames()
    frames: list[FrameType | None] = []
    for code in codes:
        alive = frame is not None and code is frame.f_code
        frames.append(frame if alive else None)
        frame = frame.f_back if alive else frame
    return frames


@contextlib.contextmanager
def noticing(notice: Callable[[Any, list[FrameType | None]], None]) -> Iterator[None]:
    """Have `notice(traceback, frames)` called whenever JAX notes where a step comes from, with the traceback's live frames."""
    original = source_info_util.current

    def current():
        known = source_info_util._source_info_context.context.traceback
        source_info = original()
        if not known and source_info.traceback is not None:
            notice(source_info.traceback, live_frames(source_info.traceback, sys._getframe()))
        return source_info

    source_info_util.current = current
    try:
        yield
    finally:
        source_info_util.current = original
