"""The whole way to a step: the innermost line of the program's own code, and the lines that called it."""

import dataclasses
from typing import Any

from refkit.tracing.sites import Sites
from refkit.tracing.trace import Site


@dataclasses.dataclass(frozen=True)
class CalledSite(Site):
    """A site with the own lines that led to it, innermost first."""

    callers: tuple[Site, ...] = dataclasses.field(default=(), compare=False)


class Callers(Sites):
    """Finds the innermost own frame and every own frame around it, with the elements of lists that were being called.

    Args:
        listed: what was noticed while the program was traced, if anything.
    """

    def __init__(self, files: tuple[str, ...] = (), listed: Any = None):
        super().__init__(files)
        self.listed = listed

    def of(self, source_info) -> Site | None:
        traceback = source_info.traceback
        elements = self.listed.of(traceback) if self.listed is not None and traceback is not None else {}
        return called_site(self.frames(traceback, elements)) if elements else super().of(source_info)

    def find(self, traceback) -> CalledSite | None:
        return called_site(self.frames(traceback, {}))

    def frames(self, traceback, elements: dict[int, list[Site]]) -> list[Site]:
        codes, offsets = traceback.raw_frames()
        frames = []
        for place, (code, offset) in enumerate(zip(codes, offsets)):
            frames.extend(elements.get(place, ()))
            if self.own(code.co_filename):
                line, end_line, column, _ = position(code, offset)
                frames.append(Site(code.co_filename, line, end_line or line, column or 0, code.co_qualname))
        return [*frames, *elements.get(len(codes), ())]

    def within(self, site: CalledSite | None, outer: CalledSite | None) -> CalledSite | None:
        """With the lines around the jitted function or loop that it is in.

        JAX traces such a function once: its steps have the lines around the first call, or none.
        """
        if site is None or outer is None:
            return site or outer
        frames, around = frames_of(site), (plain(outer), *outer.callers)
        if frames[-1] == frames_of(outer)[-1] and not stale(frames, around):
            return site
        inside = [plain(frame) for frame in frames]
        inside = inside[: next((k for k, frame in enumerate(inside) if is_same_scope(frame, around[0])), len(inside))]
        first, *callers = *inside, *around
        return CalledSite(*dataclasses.astuple(first), callers=tuple(callers))


def called_site(frames: list[Site]) -> CalledSite | None:
    """The first of the frames, with the others around it."""
    return CalledSite(*dataclasses.astuple(frames[0]), callers=tuple(frames[1:])) if frames else None


def is_same_scope(frame: Site, other: Site) -> bool:
    return (frame.file, frame.function) == (other.file, other.function)


def stale(frames: tuple[Site, ...], around: tuple[Site, ...]) -> bool:
    """Whether a step's frames lead through another line of the function in which the loop around it is."""
    return any(is_same_scope(frame, around[0]) and frame.line != around[0].line for frame in frames)


def plain(site: Site) -> Site:
    return Site(site.file, site.line, site.end_line, site.column, site.function)


def position(code, offset: int) -> tuple:
    """First line, last line, first column and last column of the instruction at `offset`."""
    found = list(code.co_positions())[offset // 2]
    return found if found[0] is not None else (code.co_firstlineno, *found[1:])


def frames_of(site: Site | None) -> tuple[Site, ...]:
    """A site and its callers, innermost first; a lambda goes with the expression in which it is written."""
    frames = () if site is None else (site, *getattr(site, "callers", ()))
    while len(frames) > 1 and frames[0].function.endswith("<lambda>") and spans(frames[1], frames[0]):
        frames = frames[1:]
    return frames


def spans(outer: Site, inner: Site) -> bool:
    return outer.file == inner.file and outer.line <= inner.line and inner.end_line <= outer.end_line
