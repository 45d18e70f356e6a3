"""From the step that departs to the line to name."""

import ast
import functools

from refkit.alignment.matching import Alignment, KnownValues
from refkit.tracing.trace import Site, Trace

LAYOUT = {
    "reshape",
    "transpose",
    "slice",
    "squeeze",
    "rev",
    "gather",
    "dynamic_slice",
    "concatenate",
    "broadcast_in_dim",
    "split",
    "slice-of-scan",
    "expand_dims",
    "copy",
}


def blamed_node(
    alignment: Alignment, after: KnownValues | None = None, layout_edit: bool = False, shows: int = 0
) -> int:
    """The node whose line departs first.

    A value may leave a line unfinished: your `x = x @ w` occurs in the reference, yet only inside of its line
    `x = dense(x)`, never at its end. Then the line that left it so is to blame, not the next one.

    Args:
        alignment: with a departure.
        after: the values of the reference with the edit that explains it.
        layout_edit: the difference is known to lie in how a value was sliced, reshaped or turned, so that the blame goes
            back to the layout step before the departure.
        shows: the step of the edited reference from which on it departs from the unedited one.
    """
    yours, node = alignment.yours, alignment.departure
    if layout_edit and yours.ops[node] not in LAYOUT:
        before = layout_before(alignment, node)
        if before is not None:
            return before
    for parent in reversed(yours.parents[node]):
        if not yours.data[parent] or not alignment.informative[parent] or yours.sites[parent] is None:
            continue
        maker = before_layout(yours, parent)
        if alignment.matched[parent] < 0 or same_line(yours.sites[maker], yours.sites[node]):
            continue
        if yours.sites[maker] is None or yours.ops[maker] == "argument":
            continue
        found = alignment.known.find(yours.values[parent], yours.narrow[parent])
        reference = alignment.reference
        if found and all(
            interior(reference, other) and skips_one(reference, other, yours.ops[node]) for other in found
        ):
            return maker
        if found and after is not None and all(interior(reference, other) for other in found):
            edited = after.find(yours.values[parent], yours.narrow[parent])
            if edited and edited[0] >= shows and not any(interior(after.trace, other) for other in edited):
                return maker
    return node


def before_layout(trace: Trace, node: int) -> int:
    """The step whose result a step takes parts of or turns."""
    while trace.ops[node] in LAYOUT:
        before = [parent for parent in trace.parents[node] if trace.data[parent]]
        if not before:
            break
        node = before[0]
    return node


def skips_one(trace: Trace, node: int, op: str) -> bool:
    """Whether `op` is what the reference does after its next step with a value, and not that step itself.

    So may anything be that is done after the reference's last step.
    """
    following = consumers_of(trace, node)
    further = [k for step in following for k in consumers_of(trace, step)]
    return op not in {trace.ops[k] for k in following} and (not further or op in {trace.ops[k] for k in further})


def layout_before(alignment: Alignment, node: int) -> int | None:
    """The nearest layout step before `node` all of whose consumers depart."""
    yours = alignment.yours
    for parent in reversed(yours.parents[node]):
        if yours.ops[parent] in LAYOUT and yours.data[parent] and yours.sites[parent] is not None:
            further = layout_before(alignment, parent)
            return parent if further is None or same_line(yours.sites[further], yours.sites[parent]) else parent
    return None


def interior(trace: Trace, node: int) -> bool:
    """Whether a value is used on its own line only: it never is what a line comes to."""
    if trace.sites[node] is None or node in trace.outputs:
        return False
    consumers = consumers_of(trace, node)
    return bool(consumers) and all(same_line(trace.sites[k], trace.sites[node]) for k in consumers)


def consumers_of(trace: Trace, node: int) -> list[int]:
    return [k for k in range(node + 1, len(trace)) if node in trace.parents[k]]


def same_line(a: Site | None, b: Site | None) -> bool:
    return a is not None and b is not None and a.file == b.file and a.line == b.line


@functools.lru_cache(maxsize=64)
def statements(source: str) -> list[tuple[int, int]]:
    """First and last line of every simple statement and every lambda's body."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            found.append((node.lineno, node.end_lineno))
        elif isinstance(node, ast.Lambda):
            found.append((node.body.lineno, node.body.end_lineno))
        elif isinstance(node, (ast.For, ast.While, ast.If, ast.With)):
            head = (
                node.iter if isinstance(node, ast.For) else node.items[0] if isinstance(node, ast.With) else node.test
            )
            end = getattr(head, "end_lineno", None) or node.lineno
            found.append((node.lineno, end))
    return found


def statement_lines(source: str, line: int) -> tuple[int, int]:
    """First and last line of the innermost statement around `line`."""
    around = [(end - start, start, end) for start, end in statements(source) if start <= line <= end]
    if not around:
        return line, line
    _, start, end = min(around)
    return start, end
