"""Widths of layers read off the shapes of their kernels."""


def chain(kernels: list[tuple[int, ...]], start: int, end: int | None = None) -> list[int] | None:
    """Widths from `start` on through kernels in order of use, whichever way round each kernel lies.

    A kernel may carry its bias as one more row. `None` where a kernel does not follow on.
    """
    widths, at = [], start
    for shape in kernels:
        if len(shape) == 3 and shape[1] == shape[2] == at:  # equal layers, stacked
            widths += [at] * shape[0]
            continue
        sizes = [size for size in shape if size != 1] if len(shape) > 2 else list(shape)
        if len(sizes) != 2:
            return None
        rows, columns = sizes
        if rows in (at, at + 1):
            at = columns
        elif columns in (at, at + 1):
            at = rows
        else:
            return None
        widths.append(at)
    return widths if end is None or not widths or widths[-1] == end else None


def backwards(kernels: list[tuple[int, ...]], end: int) -> list[int] | None:
    """Widths before each kernel, from the last kernel back: the first is what goes into the first kernel."""
    widths, at = [], end
    for shape in reversed(kernels):
        if len(shape) != 2:
            return None
        rows, columns = shape
        if columns == at:
            at = rows
        elif rows == at:
            at = columns
        else:
            return None
        widths.append(at)
    return widths[::-1]


def one_more(widths: str | None) -> list[str]:
    """The widths, as `48-48-24`, with each of those repeated once more that are there, for a layer that is called twice."""
    each = [] if widths in (None, "none") else widths.split("-")
    found = [(*each[:k], each[k], *each[k:]) for k in range(len(each))]
    return list(dict.fromkeys("-".join(longer) for longer in found))


def joined(widths) -> str:
    return "-".join(map(str, widths)) if widths else "none"
