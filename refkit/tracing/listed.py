"""The elements of your lists that are being called while a step is traced, as lines on the way to it.

A model may be put together from a list of layers that a loop calls one after the other, in a library or in a function of
yours that all of them share. Then no line on the stack tells the layers apart: the loop's variable does.
"""

import ast
import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import jax

from refkit.tracing.loops import Call, call_at, items_of, value_around
from refkit.tracing.sites import LIBRARIES, noticing
from refkit.tracing.trace import LISTED, Site

UNHEEDED = (
    os.path.join(os.path.dirname(jax.__file__), "_src") + os.sep,
    os.path.dirname(os.path.dirname(__file__)) + os.sep,
    "<",
)


class Listed:
    """Remembers, for each traceback, which elements were being called.

    Args:
        elements: where in the text what is listed stands: has `listing_like(items)`, and `places_of(thing)` with times.
    """

    def __init__(self, elements: Any):
        self.elements = elements
        self.known: dict[int, tuple[Any, dict[int, list[Site]]]] = {}  # by the traceback's identity, which is kept
        self.calls: dict[tuple[CodeType, int], Call | None] = {}
        self.reached: dict[Any, Reached] = {}
        self.time = -1  # at which the element that was called last had been listed

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While programs are traced whose steps are asked for later."""
        with noticing(self.notice):
            yield

    def of(self, traceback: Any) -> dict[int, list[Site]]:
        """The elements on the way to a step: their lines, by the place in the traceback of the frame that they go before.

        Innermost first, an element goes before the frame that calls it, or behind it where that line does more than to
        call one layer after the other, and so may be wrong itself.
        """
        return self.known.get(id(traceback), (None, {}))[1]

    def notice(self, traceback: Any, frames: list[FrameType | None]) -> None:
        found: dict[int, list[Site]] = {}
        for place, frame in reversed([*enumerate(frames)]):  # outermost first, as they were called
            call = None if frame is None else self.call_of(frame)
            site = None if call is None else self.site_of(call, frame)
            if site is not None and call.alone and self.is_chain(call, frame):
                found.setdefault(place, []).append(site)
            elif site is not None:
                found.setdefault(place + 1, []).insert(0, site)
        if found:
            self.known[id(traceback)] = traceback, found

    def is_chain(self, call: Call, frame: FrameType) -> bool:
        """Whether a loop goes through layers of several kinds: those of one kind are part of what the loop's line does."""
        known = [items_of(valued(container, frame)) for container in call.containers]
        return not known or any(len({kind_of(item) for item in items if is_called(item)}) > 1 for items in known)

    def call_of(self, frame: FrameType) -> Call | None:
        key = frame.f_code, frame.f_lasti
        if key not in self.calls:
            file = frame.f_code.co_filename
            self.calls[key] = None if file.startswith(UNHEEDED) else call_at(*key, own=not file.startswith(LIBRARIES))
        return self.calls[key]

    def site_of(self, call: Call, frame: FrameType) -> Site | None:
        """The line of the element that a frame is calling."""
        called, index = valued(call.called, frame), None if call.index is None else valued(call.index, frame)
        containers = [valued(container, frame) for container in call.containers]
        if called is None:
            return None
        if call.index is not None and isinstance(containers[0], Mapping):
            return None  # the line that calls it says which
        going_on = self.going_on(called, frame)
        if going_on is not None:
            return going_on
        known = self.elements.places_of(called)
        for container in containers:
            items = items_of(container)
            listing = self.elements.listing_like(items) if items else None
            positions = [k for k, item in enumerate(items) if holds(item, called)] if listing is not None else []
            if positions and isinstance(index, int):
                positions = [range(len(items))[index]]
            if positions:
                position = self.next_position(listing, positions)
                times = [place.time for place in known if place[1:] == (listing, position)]
                return self.reach(called, frame, listing, position, next(iter(times), self.time))
        place = self.next_place(known)
        return None if place is None else self.reach(called, frame, place.listing, place.position, place.time)

    def going_on(self, called: Any, frame: FrameType) -> Site | None:
        """The element that is being called already: meanwhile the frame that calls it keeps all its values."""
        for last in self.reached.values():
            if last.called is called and last.goes_on(frame):
                return last.site
        return None

    def next_position(self, listing: Any, positions: list[int]) -> int:
        """The one of several places of a thing in a list at which it is called now: they are called in their order."""
        last = self.reached.get(listing)
        return min((k for k in positions if last is not None and k > last.position), default=positions[0])

    def next_place(self, places: list[Any]) -> Any:
        """The one of several places in the text at which a thing was listed: the next to be listed after what was called last."""
        if len({place[1:] for place in places}) == 1:
            return places[-1]
        later = [place for place in places if place.time > self.time]
        if later:
            return later[0]
        return places[0] if len({place.listing for place in places}) == 1 else None

    def reach(self, called: Any, frame: FrameType, listing: Any, position: int, time: int) -> Site:
        file, lines, _ = listing
        line, end_line = lines[position]
        site = Site(file, line, end_line, 0, f"{LISTED} {lines[0][0]}-{lines[-1][1]}")
        self.reached[listing], self.time = Reached(position, called, site, tuple(frame.f_locals.values())), time
        return site


@dataclasses.dataclass(frozen=True)
class Reached:
    """The element of a list that was called last.

    Args:
        position: which one it is.
        called: what it is.
        site: its line.
        values: what the names in the frame that called it stood for.
    """

    position: int
    called: Any
    site: Site
    values: tuple

    def goes_on(self, frame: FrameType) -> bool:
        now = tuple(frame.f_locals.values())
        return len(now) == len(self.values) and all(a is b for a, b in zip(now, self.values))


def valued(node: ast.expr, frame: FrameType) -> Any:
    """The value of a name or of what it holds; None where it has none."""
    try:
        return value_around(node, frame)
    except Exception:  # whatever the program's own classes raise when asked for an attribute
        return None


def is_called(item: Any) -> bool:
    return callable(item) or isinstance(item, (tuple, list)) and any(map(callable, item))


def kind_of(item: Any) -> Any:
    """What layers that differ by their sizes alone share: the class, or the text of the function."""
    if isinstance(item, (tuple, list)):
        return tuple(map(kind_of, filter(callable, item)))
    return getattr(item, "__code__", type(item))


def holds(item: Any, called: Any) -> bool:
    """Whether a thing is an element, or one half of a pair that is one."""
    return item is called or isinstance(item, (tuple, list)) and any(part is called for part in item)
