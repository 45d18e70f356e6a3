"""The elements of your lists that are being called while a step is traced, as lines on the way to it.

A model may be put together from a list of layers that a loop calls one after the other, in a library or in a function of
yours that all of them share. Then no line on the stack tells the layers apart: the loop's variable does.
"""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

import jax

from refkit.tracing.loops import Call, call_at, items_of, value_of
from refkit.tracing.sites import LIBRARIES, noticing
from refkit.tracing.trace import LISTED, Site

UNHEEDED = (os.path.join(os.path.dirname(jax.__file__), "_src") + os.sep, os.path.dirname(os.path.dirname(__file__)) + os.sep, "<")


class Listed:
    """Remembers, for each traceback, which elements were being called.

    Args:
        elements: where in the text what is listed stands: has `listing_like(items)` and `places_of(thing)`.
    """

    def __init__(self, elements: Any):
        self.elements = elements
        self.known: dict[int, tuple[Any, dict[int, Site]]] = {}  # by the traceback's identity, which is kept
        self.calls: dict[tuple[CodeType, int], Call | None] = {}
        self.reached: dict[Any, Reached] = {}
        self.latest: Any = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While programs are traced whose steps are asked for later."""
        with noticing(self.notice):
            yield

    def of(self, traceback: Any) -> dict[int, Site]:
        """The elements on the way to a step: the line of each, by the place in the traceback of the frame that calls it."""
        return self.known.get(id(traceback), (None, {}))[1]

    def notice(self, traceback: Any, frames: list[FrameType | None]) -> None:
        found = []
        for place, frame in reversed([*enumerate(frames)]):  # outermost first, as they were called
            call = None if frame is None else self.call_of(frame)
            site = None if call is None else self.site_of(call, frame)
            if site is not None:
                found.append((place, site))
        if found:
            self.known[id(traceback)] = traceback, dict(found)

    def call_of(self, frame: FrameType) -> Call | None:
        key = frame.f_code, frame.f_lasti
        if key not in self.calls:
            file = frame.f_code.co_filename
            self.calls[key] = None if file.startswith(UNHEEDED) else call_at(*key, own=not file.startswith(LIBRARIES))
        return self.calls[key]

    def site_of(self, call: Call, frame: FrameType) -> Site | None:
        """The line of the element that a frame is calling."""
        try:
            called = value_of(call.called, frame)
            containers = [value_of(container, frame) for container in call.containers]
            index = None if call.index is None else value_of(call.index, frame)
        except Exception:  # whatever the program's own classes raise when asked for an attribute
            return None
        if call.index is not None and isinstance(containers[0], Mapping):
            return None  # the line that calls it says which
        for container in containers:
            items = items_of(container)
            listing = self.elements.listing_like(items) if items else None
            if listing is not None:
                places = [k for k, item in enumerate(items) if holds(item, called)]
                if isinstance(index, int):
                    places = [range(len(items))[index]]
                if places:
                    return self.place(listing, self.next(listing, places, called, frame), called, frame)
        places = self.elements.places_of(called)
        listings = {listing for listing, _ in places}
        if len(listings) > 1:
            listings &= {self.latest}
        if len(listings) != 1:
            return None
        listing, = listings
        places = [k for at, k in places if at == listing]
        return self.place(listing, self.next(listing, places, called, frame), called, frame)

    def next(self, listing: Any, places: list[int], called: Any, frame: FrameType) -> int:
        """The one of several places of a thing in a list at which it is called now: they are called in their order.

        While one call of it goes on, the frame that calls it keeps all its values; a next one takes what that gave.
        """
        last = self.reached.get(listing)
        if last is not None and last.place in places and last.called is called and last.goes_on(frame):
            return last.place
        return min((place for place in places if last is not None and place > last.place), default=places[0])

    def place(self, listing: Any, position: int, called: Any, frame: FrameType) -> Site:
        self.reached[listing], self.latest = Reached(position, called, tuple(frame.f_locals.values())), listing
        file, lines, _ = listing
        line, end_line = lines[position]
        return Site(file, line, end_line, 0, f"{LISTED} {lines[0][0]}-{lines[-1][1]}")


@dataclasses.dataclass(frozen=True)
class Reached:
    """The element of a list that was called last.

    Args:
        place: which one it is.
        called: what it is.
        values: what the names in the frame that called it stood for.
    """

    place: int
    called: Any
    values: tuple

    def goes_on(self, frame: FrameType) -> bool:
        now = tuple(frame.f_locals.values())
        return len(now) == len(self.values) and all(a is b for a, b in zip(now, self.values))


def holds(item: Any, called: Any) -> bool:
    """Whether a thing is an element, or one half of a pair that is one."""
    return item is called or isinstance(item, (tuple, list)) and any(part is called for part in item)
