"""Height and width of what each convolution of a reference takes in."""

from refkit.tracing.trace import Trace


def pictures(trace: Trace, paths: list[str]) -> dict[str, tuple[int, int]]:
    """By the path of its kernel.

    Args:
        trace: of the reference's forward pass.
        paths: of its first arguments.
    """
    names = dict(zip(trace.arguments, paths))
    found = {}
    for node, op in enumerate(trace.ops):
        if op != "conv_general_dilated":
            continue
        taken, kernel = trace.parents[node][:2]
        while kernel not in names and len(trace.parents[kernel]) == 1:
            (kernel,) = trace.parents[kernel]
        if kernel in names and trace.values[taken].ndim == 4:
            found[names[kernel]] = trace.values[taken].shape[1:3]
    return found
