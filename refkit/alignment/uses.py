"""Where a program first uses each of its parameters, and how the values were laid out that they multiply."""

from refkit.alignment.constructs import Atom
from refkit.tracing.trace import Trace


def first_uses(trace: Trace) -> list[int]:
    """For each argument, the first node computed from it (past the end where there is none)."""
    found = [len(trace)] * len(trace.arguments)
    place = {node: k for k, node in enumerate(trace.arguments)}
    for node, parents in enumerate(trace.parents):
        for parent in parents:
            if parent in place:
                k = place[parent]
                found[k] = min(found[k], node)
    return found


def atoms_of(trace: Trace, paths: list[str], shapes: list[tuple[int, ...]], kinds: list[str]) -> list[Atom]:
    """The reference's parameters in the order of first use, with the fine axes of their rows."""
    uses = first_uses(trace)
    atoms = []
    for k, (path, shape, kind) in enumerate(zip(paths, shapes, kinds, strict=True)):
        blocks = row_blocks(trace, uses[k], trace.arguments[k], shape) if len(shape) == 2 else ()
        atoms.append(Atom(path, shape, kind, uses[k], blocks))
    return sorted(atoms, key=lambda atom: atom.use)


def row_blocks(trace: Trace, consumer: int, argument: int, shape) -> tuple[tuple[int, ...], ...]:
    """Fine row axes of a kernel whose product with a flattened or concatenated value is node `consumer`."""
    if consumer >= len(trace) or trace.ops[consumer] != "dot_general":
        return ()
    others = [node for node in trace.parents[consumer] if node != argument]
    if len(others) != 1:
        return ()
    blocks = flattened_axes(trace, others[0], shape[0])
    sizes = [product(axes) for axes in blocks]
    if sum(sizes) != shape[0] or blocks == ((shape[0],),):
        return ()
    return blocks


def flattened_axes(trace: Trace, node: int, size: int) -> tuple[tuple[int, ...], ...]:
    op = trace.ops[node]
    if op == "concatenate":
        blocks: tuple[tuple[int, ...], ...] = ()
        for parent in trace.parents[node]:
            width = trace.values[parent].shape[-1]
            blocks += flattened_axes(trace, parent, width)
        return blocks
    if op == "reshape":
        before = trace.values[trace.parents[node][0]].shape
        if product(before[1:]) == size:
            return (tuple(before[1:]),)
    return ((size,),)


def product(axes) -> int:
    result = 1
    for axis in axes:
        result *= axis
    return result
