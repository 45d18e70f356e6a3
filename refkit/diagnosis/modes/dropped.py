"""What dropout keeps and how it scales that, measured over many keys, beside what evaluation hands on.

Dropout is right where a value is on average the same in training as in evaluation: kept with probability k and divided by k in
training (inverted dropout), or left as it is there and multiplied by k in evaluation (Srivastava et al., 2014).
"""

import ast
import dataclasses
import re

import numpy as np

from refkit.diagnosis.modes.readings import to_keep
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate
from refkit.tracing.trace import Site, Trace

ENOUGH = 4_000  # draws of a mask
MOST_KEYS = 25
DEVIATIONS = 5.0  # by which a share may be off by chance
SLACK = 0.01
HALF = 0.05  # a share this near to one half says nothing of which is meant
DROPPED = re.compile(r"(.*_)?p?_?drop\w*", re.I)
KEPT = re.compile(r"(.*_)?keep(_.*)?", re.I)
SCALING = ("mul", "div")


@dataclasses.dataclass
class Dropping:
    """One dropout.

    Attributes:
        site: of the step that drops.
        drawn: of the mask.
        kept: the share of values that it keeps.
        scale: what it multiplies the kept ones by.
        evaluated: what evaluation may multiply the same values by, on their way to the next layer.
        draws: how many values the share was taken over.
    """

    site: Site
    drawn: Site
    kept: float
    scale: float
    evaluated: tuple[float, ...]
    draws: int

    @property
    def slack(self) -> float:
        return SLACK + DEVIATIONS * float(np.sqrt(self.kept * (1 - self.kept) / self.draws))

    @property
    def agrees(self) -> bool:
        """Whether the mean over masks is what evaluation hands on."""
        return any(abs(self.kept * self.scale - factor) <= self.slack * self.scale for factor in self.evaluated)

    @property
    def turned(self) -> bool:
        """Whether it keeps the share that its scaling is meant to drop."""
        return abs(self.kept - 0.5) > HALF and abs(1 / self.scale - (1 - self.kept)) <= self.slack


def droppings(yours: Yours) -> list[Dropping]:
    """Every elementwise dropout of hidden values in the forward pass in training mode.

    Raises:
        Exception: whatever your model raises in training mode.
    """
    flat = [*yours.arguments([leaf for leaf in probe_leaves(yours)])]
    program, found = yours.training, []
    traces = [evaluate(program, [*flat, key_of(0)])]
    places = applied(traces[0], len(yours.kinds))
    if not places:
        return []
    fewest = min(traces[0].values[drop].size for drop, _, _ in places)
    traces += [evaluate(program, [*flat, key_of(k)]) for k in range(1, min(MOST_KEYS, 1 + ENOUGH // fewest))]
    evaluation = evaluate(yours.forward, flat)
    for drop, mask, base in places:
        shares, scales, draws = [], [], 0
        for trace in traces:
            before, after = trace.values[base], trace.values[scaled(trace, drop)]
            alive = before != 0
            kept = alive & (trace.values[drop] != 0)
            if alive.any():
                shares.append(kept.sum() / alive.sum())
                draws += int(alive.sum())
            scales += [after[kept] / before[kept]] if kept.any() else []
        ratios = np.concatenate(scales) if scales else np.zeros(0)
        if ratios.size and np.ptp(ratios) <= 1e-6 * np.abs(ratios).max():
            factors = factors_in(evaluation, traces[0], base)
            if factors:
                sites = traces[0].sites[drop], traces[0].sites[mask] or traces[0].sites[drop]
                found.append(Dropping(*sites, float(np.mean(shares)), float(ratios[0]), factors, draws))
    return found


def probe_leaves(yours: Yours) -> list[np.ndarray]:
    """Random parameters, none of them zero."""
    generator = np.random.default_rng(5)
    return [np.abs(generator.normal(size=leaf.shape)) * 0.1 + 0.01 for leaf in yours.leaves]


def applied(trace: Trace, parameters: int) -> list[tuple[int, int, int]]:
    """The steps that put a mask on a hidden value, each with the mask and with that value as it was before any scaling."""
    drawn = trace.depending([node for node, op in enumerate(trace.ops) if op == "random_bits"], len(trace))
    hidden = trace.depending(trace.arguments[:parameters], len(trace))
    found = []
    for node, parents in enumerate(trace.parents):
        if trace.ops[node] not in ("select_n", "mul") or trace.sites[node] is None or not trace.data[node]:
            continue
        masks = [parent for parent in parents if drawn[parent] and not trace.data[parent]]
        values = [
            p for p in parents if trace.data[p] and hidden[p] and trace.values[p].shape == trace.values[node].shape
        ]
        if len(masks) != 1 or len(values) != 1 or not is_mask(trace, masks[0], node):
            continue
        found.append((node, masks[0], unscaled(trace, values[0])))
    return found


def is_mask(trace: Trace, mask: int, node: int) -> bool:
    """Whether a value has two levels at most, one of them zero, and drops elements rather than whole examples or steps."""
    values = trace.values[mask]
    levels = np.unique(values.astype(float))
    whole = values.size == trace.values[node].size and trace.values[node].ndim > 1
    return whole and len(levels) <= 2 and levels[0] == 0 and (trace.ops[node] == "mul" or values.dtype.kind == "b")


def is_factor(trace: Trace, node: int) -> bool:
    """Whether a node is a number that depends on no input."""
    value = trace.values[node]
    return not trace.data[node] and value.dtype.kind in "fi" and value.size > 0 and not np.ptp(value)


def unscaled(trace: Trace, node: int) -> int:
    """The value before it was multiplied or divided by numbers."""
    while trace.ops[node] in SCALING:
        own = [parent for parent in trace.parents[node] if not is_factor(trace, parent)]
        if len(own) != 1 or trace.values[own[0]].shape != trace.values[node].shape:
            break
        node = own[0]
    return node


def scaled(trace: Trace, node: int) -> int:
    """The value after it has been multiplied or divided by numbers."""
    while True:
        after = [child for child, parents in enumerate(trace.parents[node + 1 :], node + 1) if node in parents]
        if len(after) != 1 or trace.ops[after[0]] not in SCALING:
            return node
        others = [parent for parent in trace.parents[after[0]] if parent != node]
        if not all(is_factor(trace, other) for other in others):
            return node
        node = after[0]


def factors_in(evaluation: Trace, training: Trace, base: int) -> tuple[float, ...]:
    """What evaluation multiplies the same value by; empty where it cannot be told which value that is."""
    place = lambda trace, node: (trace.sites[node], trace.ops[node], trace.times[node], trace.values[node].shape)
    wanted = place(training, base)
    earlier = sum(place(training, node) == wanted for node in range(base))
    same = [node for node in range(len(evaluation)) if place(evaluation, node) == wanted]
    if wanted[0] is None or earlier >= len(same):
        return ()
    first = same[earlier]
    last = scaled(evaluation, first)
    before, after = evaluation.values[first], evaluation.values[last]
    alive = before != 0
    return (1.0, float((after[alive] / before[alive]).mean())) if alive.any() else (1.0,)


def dropping_fault(seen: list[Dropping], tree: ast.Module) -> tuple[Fault, Site] | None:
    """The first dropout that keeps what it is to drop, by its scaling or by the names of the file's numbers.

    Its fault has no id where training and evaluation do not agree, and no known bug looks like that.
    """
    for dropping in seen:
        share = f"{dropping.kept:.2g} of the values are kept"
        if not dropping.agrees:
            mean = dropping.kept * dropping.scale
            words = f"{share} and multiplied by {dropping.scale:.3g}: on average {mean:.2g} of what evaluation hands on"
            if dropping.turned:
                return Fault("dropout-rate-inverted", words), dropping.drawn
            return Fault("", words), dropping.site
        if named_otherwise(dropping, tree):
            words = f"{share}, and by the names in the file that share is to be dropped"
            return Fault("dropout-rate-inverted", words), turned_at(dropping, tree)
    return None


def turned_at(dropping: Dropping, tree: ast.Module) -> Site:
    """The line that takes one less the rate, on the way to the mask; else the mask's own."""
    lines = {
        node.lineno: node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and to_keep(node)
    }
    ways = [dropping.drawn, *getattr(dropping.drawn, "callers", ())]
    return next((site for site in reversed(ways) if site.line in lines), dropping.drawn)


def named_otherwise(dropping: Dropping, tree: ast.Module) -> bool:
    """Whether the file's only rates to drop are what is kept, or its only rates to keep what is dropped."""
    if abs(dropping.kept - 0.5) <= HALF:
        return False
    near = lambda values, wanted: any(abs(value - wanted) <= dropping.slack for value in values)
    drop, keep = rates(tree, DROPPED), rates(tree, KEPT)
    means_drop = near(drop, dropping.kept) and not near(drop, 1 - dropping.kept) and not near(keep, dropping.kept)
    means_keep = near(keep, 1 - dropping.kept) and not near(keep, dropping.kept) and not near(drop, 1 - dropping.kept)
    return means_drop or means_keep


def rates(tree: ast.Module, name: re.Pattern) -> list[float]:
    """Numbers between 0 and 1 that the file gives to names of a kind."""
    found = []
    for node in ast.walk(tree):
        pairs: list[tuple[str, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            pairs = [(node.target.id, node.value)]
        elif isinstance(node, ast.keyword) and node.arg:
            pairs = [(node.arg, node.value)]
        elif isinstance(node, ast.arguments):
            given = [*node.posonlyargs, *node.args]
            pairs = [(a.arg, value) for a, value in zip(given[len(given) - len(node.defaults) :], node.defaults)]
            pairs += [(a.arg, value) for a, value in zip(node.kwonlyargs, node.kw_defaults)]
        for called, value in pairs:
            if name.fullmatch(called) and isinstance(value, ast.Constant) and isinstance(value.value, float):
                found.append(value.value)
    return [value for value in found if 0 < value < 1]
