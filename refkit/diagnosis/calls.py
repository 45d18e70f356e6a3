"""Which call of one of your functions is to blame, where its own lines do well in another."""

import ast
import difflib
from collections import Counter

from refkit.diagnosis.aligned import Aligned
from refkit.diagnosis.blame import same_line
from refkit.diagnosis.passing import behind_gap
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.wording import scopes_around
from refkit.tracing.callers import frames_of
from refkit.tracing.trace import Site, Trace


def calling_site(before: Aligned, node: int, after: Aligned | None = None, final: Aligned | None = None) -> Site | None:
    """The innermost line on the way to a step that did not make the same step rightly in another call.

    What a line of a function does well in one call, it does not do wrong in another: the line that calls it does. Where
    every line has, as in a loop, there is none. In another element of a list a line may do well what is no such step: it
    calls what the element was given. What is left out in every call is left out where the function returns.

    Args:
        before: the alignment in which the step departs; what came before it is right.
        node: the step.
        after: with the edit that explains the departure.
        final: with all edits, for the calls that follow: where the edit is of one place, the next call is right without it.
    """
    trace = before.alignment.yours
    if trace.sites[node] is None:
        return None
    lists = {frame.function: frame.line for frame in frames_of(trace.sites[node]) if frame.listed}
    alike = [
        k
        for k in range(len(trace))
        if same_line(trace.sites[k], trace.sites[node])
        and (trace.ops[k] == trace.ops[node] or k < node and in_another_element(trace, k, lists))
    ]
    twins = [k for k in alike if k < node and before.alignment.matched[k] >= 0]
    if not twins and final is not None and runs_of_replaced(before, after) == 1:
        here = way_to(trace, node)
        twins = [k for k in alike if k > node and way_to(trace, k) != here][:1]
        twins = [k for k in twins if final.alignment.matched[k] >= 0]
    shared = set().union(*(way_to(trace, twin) for twin in twins))
    frames = frames_of(trace.sites[node])
    found = next((frame for frame in frames if (frame.file, frame.line) not in shared), None)
    if not twins or found in (None, frames[0]):
        return None
    everywhere = after is not None and runs_of_replaced(before, after) > 1
    everywhere = everywhere and not any(behind_gap(trace, twin) for twin in twins)
    return return_behind(trace, node) if everywhere else found


def in_another_element(trace: Trace, node: int, lists: dict[str, int]) -> bool:
    """Whether a step is of another element than these of one of the lists."""
    return any(
        lists.get(frame.function, frame.line) != frame.line for frame in frames_of(trace.sites[node]) if frame.listed
    )


def way_to(trace: Trace, node: int) -> tuple[tuple[str, int], ...]:
    """File and line of every own frame that led to a step."""
    return tuple((frame.file, frame.line) for frame in frames_of(trace.sites[node]))


def return_behind(trace: Trace, node: int) -> Site | None:
    """Where the function returned that made what the step takes."""
    for parent in reversed(trace.parents[node]):
        site = trace.sites[parent]
        if not trace.data[parent] or site is None:
            continue
        around = [
            scope
            for scope in scopes_around(parsed(source_of(site.file)), site.line)
            if not isinstance(scope, ast.Lambda)
        ]
        returns = [part for part in ast.walk(around[-1]) if isinstance(part, ast.Return)] if around else []
        following = min((part.lineno for part in returns if part.end_lineno >= site.line), default=None)
        return None if following is None else Site(site.file, following, following)
    return None


def runs_of_replaced(before: Aligned, after: Aligned) -> int:
    """How often the reference runs what the edit replaces: more than once in a loop over layers or time; 0 in a constructor."""
    old, new = (side.reference.source.splitlines() for side in (before.side, after.side))
    changes = [
        change
        for change in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if change[0] != "equal"
    ]
    replaced = {line + 1 for _, start, end, _, _ in changes for line in range(start, end)}
    trace = before.alignment.reference
    times = Counter(trace.ops[k] for k, site in enumerate(trace.sites) if site is not None and site.line in replaced)
    return min(times.values(), default=0)
