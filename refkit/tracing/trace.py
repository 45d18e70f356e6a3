"""A trace: one execution of a program, value by value, free of any framework."""

import dataclasses

import numpy as np

TAKING = {"slice", "squeeze", "slice-of-scan", "dynamic_slice"}
TURNING = {"transpose", "reshape", "squeeze", "rev", "slice", "copy"}
STACKING = {"stack-of-scan", "concatenate"}
LISTED = "<listed>"


@dataclasses.dataclass(frozen=True)
class Site:
    """Where in a file a step was written: 1-based lines of the expression."""

    file: str
    line: int
    end_line: int
    column: int = 0
    function: str = ""

    @property
    def listed(self) -> bool:
        """Whether it is the line of a list's element, which counts as a statement of its own."""
        return self.function.startswith(LISTED)


class Trace:
    """Values in the order in which they were computed; the index of a value is its node.

    Attributes (lists, one entry a node):
        values: NumPy arrays; floats in float64 where the trace is wide.
        ops: names of the primitives, or `argument`, `literal`, `slice-of-scan`, `stack-of-scan`.
        sites: the innermost line of the file's own code, or None.
        times: the iteration of every enclosing loop, outermost first: `(3,)` is the fourth time step.
        parents: the nodes it was computed from.
        data: whether it depends on the inputs or labels (and not on parameters or constants alone).
        narrow: whether it went through float32 on the way, so that the wider tolerance applies.
        dtypes: the dtype that the user's program gives it.
        arguments: node of every argument, in order.
        outputs: node of every output, in order.
        decisions: which branch each `cond` took, how often each `while` ran, and, for each call with derivative rules of its
            own, how many nodes there were behind it and which its outputs are; in the order of execution.
    """

    def __init__(self):
        self.values: list[np.ndarray] = []
        self.ops: list[str] = []
        self.sites: list[Site | None] = []
        self.times: list[tuple[int, ...]] = []
        self.parents: list[tuple[int, ...]] = []
        self.data: list[bool] = []
        self.narrow: list[bool] = []
        self.dtypes: list = []
        self.arguments: list[int] = []
        self.outputs: list[int] = []
        self.decisions: list = []

    def __len__(self) -> int:
        return len(self.values)

    def add(self, value, op, site, time, parents, data, narrow, dtype) -> int:
        self.values.append(value)
        self.ops.append(op)
        self.sites.append(site)
        self.times.append(time)
        self.parents.append(parents)
        self.data.append(data)
        self.narrow.append(narrow)
        self.dtypes.append(dtype)
        return len(self.values) - 1

    def sources(self) -> list[tuple[int, ...]]:
        """The parents of every node, a part taken out of a stack coming from the one value that was stacked there.

        What one time step gives would else seem to depend on all of them, as soon as they have been put together.
        """
        found = list(self.parents)
        for node, op in enumerate(self.ops):
            if op in TAKING and len(self.parents[node]) == 1:
                member = self.member(node)
                found[node] = self.parents[node] if member is None else (member,)
        return found

    def member(self, node: int) -> int | None:
        """The value that was stacked where a part is taken; None where the part is none of those stacked."""
        (stack,) = self.parents[node]
        while self.ops[stack] in TURNING:
            stack = self.parents[stack][0]
        value = self.values[node].ravel()
        for other in self.parents[stack] if self.ops[stack] in STACKING else ():
            if self.values[other].size == value.size and np.array_equal(self.values[other].ravel(), value):
                return other
        return None

    def ancestors(self, nodes) -> list[bool]:
        """Whether each node feeds one of `nodes`; the nodes themselves included."""
        feeds = [False] * len(self.values)
        for node in nodes:
            feeds[node] = True
        for node in range(len(feeds) - 1, -1, -1):
            if feeds[node]:
                for parent in self.parents[node]:
                    feeds[parent] = True
        return feeds

    def depending(self, nodes: list[int], until: int) -> list[bool]:
        """Whether each node is one of `nodes` or computed from one; from `until` on it counts as such."""
        found = [node >= until for node in range(len(self.values))]
        for node in nodes:
            found[node] = True
        for node, parents in enumerate(self.parents[:until]):
            for parent in parents:
                if found[parent]:
                    found[node] = True
                    break
        return found

    def consumers(self) -> list[list[int]]:
        """For each node, the nodes computed from it."""
        found: list[list[int]] = [[] for _ in self.values]
        for node, parents in enumerate(self.parents):
            for parent in parents:
                found[parent].append(node)
        return found
