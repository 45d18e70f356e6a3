"""The arrays that each line of a file gives while a function of it runs."""

import collections
import dataclasses
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

MOST_STEPS = 3000
# arrays that one line gives to one variable: a loop over examples must not crowd out what follows it
MOST_OF_A_PLACE = 40
MOST_ELEMENTS = 3_000_000
FINE, COARSE = 20_000, 300  # elements that are looked at for a change
MOST_FINE = 400  # lines of one call: behind that it is a loop over examples


@dataclasses.dataclass(frozen=True)
class Step:
    """An array that a line gave.

    Args:
        line: 1-based.
        name: the variable; empty for what is returned or yielded.
        value: a copy.
        depth: how many calls of the file's functions it lies inside, 0 for the function called.
    """

    line: int
    name: str
    value: np.ndarray
    depth: int


def record(file: str, call: Callable[[], Any]) -> tuple[Any, list[Step]]:
    """Calls a function and listens to the lines of one file.

    Returns:
        What it returned, and each new array of a local variable or of a return in the order in which lines gave them.
    """
    steps: list[Step] = []
    places: collections.Counter = collections.Counter()
    frames: dict[int, tuple[FrameType, dict[str, int], int]] = {}

    def arrays(value: Any) -> list[np.ndarray]:
        if isinstance(value, (tuple, list)) and len(value) <= 8:
            return [array for item in value for array in arrays(item)]
        if isinstance(value, dict) and len(value) <= 8:
            return [array for item in value.values() for array in arrays(item)]
        if isinstance(value, np.ndarray) or (hasattr(value, "dtype") and hasattr(value, "shape")):
            try:
                array = np.asarray(value)
            except Exception:  # noqa: BLE001: a traced array has no value
                return []
            return [array] if array.dtype != object and array.size <= MOST_ELEMENTS else []
        return []

    def note(frame: FrameType, line: int, depth: int) -> None:
        _, known, _ = frames[id(frame)]
        known[""] = known.get("", 0) + 1
        for name, value in list(frame.f_locals.items()):
            if len(steps) >= MOST_STEPS:
                return
            found = arrays(value)
            print_of = hash((id(value), *(fingerprint(array, known[""] > MOST_FINE) for array in found)))
            if found and known.get(name) != print_of:
                known[name] = print_of
                keep(line, name, found, depth)

    def keep(line: int, name: str, found: list[np.ndarray], depth: int) -> None:
        places[line, name] += 1
        if places[line, name] <= MOST_OF_A_PLACE and len(steps) < MOST_STEPS:
            steps.extend(Step(line, name, array.copy(), depth) for array in found)

    def listen(frame: FrameType, event: str, argument: Any):
        if frame.f_code.co_filename != file:
            return None
        depth = sum(kept.f_code.co_filename == file for kept in callers(frame)) - 1
        if id(frame) not in frames or frames[id(frame)][0] is not frame:
            frames[id(frame)] = (frame, {}, frame.f_lineno)
            note(frame, 0, depth)
        else:
            note(frame, frames[id(frame)][2], depth)
        if event == "return" and len(steps) < MOST_STEPS:
            keep(frame.f_lineno, "", arrays(argument), depth)
        frames[id(frame)] = (frame, frames[id(frame)][1], frame.f_lineno)
        return listen

    before = sys.gettrace()
    sys.settrace(listen)
    try:
        result = call()
    finally:
        sys.settrace(before)
    return result, steps


def fingerprint(array: np.ndarray, coarse: bool) -> tuple:
    """What tells an array from what it was before it was changed in place."""
    flat = array.reshape(-1)
    return array.shape, str(array.dtype), flat[:: max(1, flat.size // (COARSE if coarse else FINE))].tobytes()


def callers(frame: FrameType | None):
    """A frame and those around it."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def first_line(steps: list[Step], wanted: Callable[[np.ndarray], bool]) -> int:
    """The first line that gave an array of a kind, 0 where none did."""
    for step in steps:
        if step.line and step.value.size:
            try:
                if wanted(step.value):
                    return step.line
            except (ValueError, TypeError, IndexError):
                continue
    return 0


def last_return(steps: list[Step]) -> int:
    """The line that returned or yielded last from the function called."""
    returned = [step for step in steps if not step.name and step.line]
    outer = min((step.depth for step in returned), default=0)
    return next((step.line for step in reversed(returned) if step.depth == outer), 0)
