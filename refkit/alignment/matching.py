"""Which values of your program occur in the reference."""

import bisect

import numpy as np

from refkit.alignment.layout import same_up_to_layout
from refkit.alignment.tolerance import NARROW, RELATIVE, allowed
from refkit.tracing.trace import STACKING, Trace


class KnownValues:
    """The reference's values, to be asked for by value."""

    def __init__(self, trace: Trace):
        self.trace = trace
        self.by_size: dict[int, list[tuple[float, int]]] = {}
        for node in range(len(trace)):
            if informative(trace, node):
                value = trace.values[node]
                self.by_size.setdefault(value.size, []).append((square_sum(value), node))
        for bucket in self.by_size.values():
            bucket.sort()

    def find(self, value: np.ndarray, narrow: bool = False, most: int = 8) -> list[int]:
        """Nodes of the reference that hold this value in some layout, in the order of computation."""
        bucket = self.by_size.get(value.size)
        if not bucket:
            return []
        key = square_sum(value)
        spread = 4 * (NARROW if narrow else RELATIVE) * key if key == key else 0.0
        if key != key or key in (float("inf"), float("-inf")):
            nodes = [node for other, node in bucket if not np.isfinite(other)]
        else:
            low = bisect.bisect_left(bucket, (key - spread, -1))
            high = bisect.bisect_right(bucket, (key + spread, len(self.trace)))
            nodes = [node for _, node in bucket[low:high]]
        if not nodes:
            return []
        finite = np.abs(value[np.isfinite(value)])
        tolerance = allowed(float(finite.max()) if finite.size else 0.0, narrow)
        found = []
        for node in sorted(nodes):
            if same_up_to_layout(value, self.trace.values[node], tolerance):
                found.append(node)
                if len(found) >= most:
                    break
        return found


def square_sum(value: np.ndarray) -> float:
    return float(np.vdot(value, value))


def informative(trace: Trace, node: int) -> bool:
    """Whether finding this value elsewhere says anything: a float that depends on the data and is not trivial."""
    value = trace.values[node]
    if not trace.data[node] or value.dtype.kind != "f" or value.size == 0:
        return False
    first = value.item(0)
    if first not in (0, 1):
        return True
    if not value.any():
        return any(truncated(trace, parent) for parent in trace.parents[node])
    if ((value == 0) | (value == 1)).all():  # masks and one-hot labels: trivial unless made of other floats
        return any(trace.data[p] and made_of_floats(trace, p) for p in trace.parents[node])
    return True


def truncated(trace: Trace, node: int) -> bool:
    """Whether a value is floats made integers, so that zeros come of what was none."""
    return trace.values[node].dtype.kind in "iu" and any(
        trace.values[parent].dtype.kind == "f" and trace.values[parent].any() for parent in trace.parents[node]
    )


def made_of_floats(trace: Trace, node: int) -> bool:
    """Whether a value is of floats, or of floats made integers."""
    return trace.values[node].dtype.kind == "f" or truncated(trace, node)


class Alignment:
    """Your trace beside the reference's.

    Attributes:
        matched: for each of your nodes, the reference's first node with the same value, or -1.
        ok: whether each of your nodes occurs in the reference, leads to one that does, or says nothing.
        departure: your first node that leads nowhere the reference goes, or None.
        whole: whether your output is the reference's.
        score: how many of the output's ancestors are ok.

    Args:
        relevant: whether each node feeds the output, for a trace that was stopped before it.
        before: the alignment of an earlier run with the same reference, and which nodes changed since.
    """

    def __init__(
        self,
        yours: Trace,
        reference: Trace,
        known: KnownValues,
        relevant: list[bool] | None = None,
        before: tuple["Alignment", list[bool]] | None = None,
    ):
        self.yours, self.reference, self.known = yours, reference, known
        self.output = yours.outputs[0] if yours.outputs else None
        self.target = reference.outputs[0]
        self.relevant = yours.ancestors([self.output]) if relevant is None else relevant
        n = len(yours)
        earlier, changed = before or (None, [True] * n)
        self.informative = [
            self.relevant[k] and (informative(yours, k) if changed[k] else earlier.informative[k]) for k in range(n)
        ]
        self.matched = [-1 if changed[k] else earlier.matched[k] for k in range(n)]
        for k in range(n):
            if changed[k] and self.informative[k]:
                found = known.find(yours.values[k], yours.narrow[k])
                if found:
                    self.matched[k] = found[0]
        self.sources = yours.sources()
        self.whole = self.output_matches()
        self.alive = self.find_alive()
        self.ok, self.departure = self.find_departure()
        self.score = sum(1 for k in range(n) if self.relevant[k] and self.informative[k] and self.ok[k])

    def output_matches(self) -> bool:
        if self.output is None:
            return False
        yours, reference = self.yours.values[self.output], self.reference.values[self.target]
        if yours.size != reference.size or yours.dtype.kind != reference.dtype.kind:
            return False
        narrow = self.yours.narrow[self.output] or self.reference.narrow[self.target]
        finite = np.abs(reference[np.isfinite(reference)])
        tolerance = allowed(float(finite.max()) if finite.size else 0.0, narrow)
        a, b = yours.reshape(yours.shape), reference
        if a.shape != b.shape:
            a, b = np.squeeze(a), np.squeeze(b)
            if a.shape != b.shape:
                return False
        with np.errstate(all="ignore"):
            return bool(((np.abs(a - b) <= tolerance) | ((a == b) | (np.isnan(a) & np.isnan(b)))).all())

    def find_alive(self) -> list[bool]:
        alive = [m >= 0 for m in self.matched]
        if self.output is not None:
            alive[self.output] = self.whole
        passed = [False] * len(alive)  # a stack on the way to a part of it: it lives, and yet not all that was stacked
        for node in range(len(alive) - 1, -1, -1):
            if not self.relevant[node]:
                continue
            parents = self.yours.parents[node]
            if alive[node]:
                for parent in self.sources[node]:
                    alive[parent] = True
            if (alive[node] and self.sources[node] != parents) or (
                passed[node] and self.yours.ops[node] not in STACKING
            ):
                for parent in parents:
                    passed[parent] = True
        return [a or b for a, b in zip(alive, passed)]

    def find_departure(self) -> tuple[list[bool], int | None]:
        yours = self.yours
        ok = [True] * len(yours)
        departure = None
        if self.whole:
            return ok, None
        for node in range(len(yours)):
            if not self.relevant[node] or not yours.data[node] or self.alive[node]:
                continue
            parents_ok = all(ok[p] for p in self.sources[node])
            if not self.informative[node] and node != self.output:
                ok[node] = parents_ok
                continue
            ok[node] = False
            if parents_ok and departure is None:
                departure = node
        if departure is None:
            departure = self.output
        return ok, departure
