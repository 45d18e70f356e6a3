"""The element of a `Sequential` that a step belongs to, for models that are put together without a function of one's own.

No line of the file is on the stack then. The parameters say where in the list they belong, as in `layers_2.kernel` or `2.0`.
"""

import ast
import functools
import re

from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.yours import Yours
from refkit.tracing.trace import Site, Trace


def element_site(yours: Yours, trace: Trace, node: int) -> Site | None:
    """The line of the element, or None where the model is not bound to a list of elements."""
    implementation = yours.implementation
    if implementation.line is None:
        return None
    lines = element_lines(source_of(implementation.file), implementation.line)
    place = element_of(yours, trace, node, len(lines))
    return None if place is None else Site(implementation.file, *lines[place])


@functools.lru_cache(maxsize=16)
def element_lines(source: str, line: int) -> tuple[tuple[int, int], ...]:
    """First and last line of every element of the call, or of the list in it, that is bound on a line."""
    for statement in ast.walk(parsed(source)):
        if isinstance(statement, ast.Assign) and statement.lineno == line and isinstance(statement.value, ast.Call):
            given = [*statement.value.args, *(keyword.value for keyword in statement.value.keywords)]
            lists = [argument.elts for argument in given if isinstance(argument, (ast.List, ast.Tuple))]
            return tuple((part.lineno, part.end_lineno) for part in (lists[0] if lists else given))
    return ()


def element_of(yours: Yours, trace: Trace, node: int, count: int) -> int | None:
    """Which of `count` elements a step belongs to: by its parameters, else by those of the steps before and after it."""
    own = places_taken(yours, trace)
    if node in own:
        return own[node] if own[node] < count else None
    before = max((own[k] for k, feeds in enumerate(trace.ancestors([node])) if feeds and k in own), default=-1)
    after = min((place for place in own.values() if place > before), default=count)
    if not before + 1 < after <= count:
        return None
    direct = any(parent in own for parent in trace.parents[node])
    return before + 1 if direct else after - 1


def places_taken(yours: Yours, trace: Trace) -> dict[int, int]:
    """For each step that takes a parameter, the first number in the parameter's path."""
    numbers = {}
    for k, path in enumerate(yours.paths):
        found = re.search(r"\d+", path)
        if found and k < len(trace.arguments):
            numbers[trace.arguments[k]] = int(found[0])
    taken = {}
    for node, parents in enumerate(trace.parents):
        made = [numbers[parent] for parent in parents if parent in numbers]
        if made and not trace.data[node]:
            numbers[node] = made[0]  # a bias that is broadcast
        elif made:
            taken[node] = made[0]
    return taken
