"""Initial values, parameter by parameter of the reference: how yours are drawn, how its own are, and by which lines."""

import dataclasses
import heapq

import jax
import numpy as np

from refkit.alignment.constructs import CELL
from refkit.alignment.expressions import Free
from refkit.alignment.pairing import Leaf, Pairing
from refkit.diagnosis.fans import Fans, convolution_fans, dense_fans, recurrent_fans
from refkit.diagnosis.spread import QUANTILES, Spread, is_orthogonal, spread_of
from refkit.diagnosis.yours import Yours
from refkit.subjects.reference import Reference
from refkit.tracing.callers import Callers, frames_of
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Plan, Program, trace_program
from refkit.tracing.trace import Site, Trace

SEEDS = (1, 2)
LAYOUT = {"reshape", "transpose", "concatenate", "slice", "squeeze", "broadcast_in_dim", "convert_element_type", "copy", "rev",
          "pad", "dynamic_update_slice", "scatter", "stack-of-scan", "split"}


@dataclasses.dataclass
class Draws:
    """An init program, run.

    Attributes:
        seeded: one trace a key.
        spread: one trace a quantile, every random number at that share of its range; none where the program loops until
            its numbers please it.
    """

    seeded: list[Trace]
    spread: list[Trace]

    def samples(self, leaf: int) -> np.ndarray:
        return values_of(self.seeded, leaf)

    def quantiles(self, leaf: int) -> np.ndarray | None:
        return values_of(self.spread, leaf) if self.spread else None


@dataclasses.dataclass
class Portion:
    """What one parameter of yours holds of one parameter of the reference.

    Attributes:
        path: the reference's parameter.
        leaf: yours.
        place: its place among the outputs of your init.
        frames: your lines that made it, innermost first.
        samples: `f64[draws, *shape]` in the reference's layout.
        spread: how it is drawn.
        reference: how the reference's is drawn.
        fans: of a kernel; None for everything else.
        fused: whether yours holds several gates in one.
    """

    path: str
    leaf: Leaf
    place: int
    frames: tuple[Site, ...]
    samples: np.ndarray
    spread: Spread
    reference: Spread
    fans: Fans | None
    fused: bool

    @property
    def role(self) -> str:
        """`kernel`, `embedding`, `bias` or `scale`."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def of_cell(self) -> str:
        """`x` or `h` for a kernel of a recurrent cell, else empty."""
        found = CELL.match(self.path)
        return found[3] if found else ""

    @property
    def weighs(self) -> bool:
        return self.role in ("kernel", "embedding")


def values_of(traces: list[Trace], leaf: int) -> np.ndarray:
    return np.stack([trace.values[trace.outputs[leaf]].astype(np.float64) for trace in traces])


def draw(program: Program) -> Draws:
    """Run an init program with two keys, and with its random numbers put at fixed shares of their range."""
    seeded = [evaluate(program, [np.array([0, seed], np.uint32)]) for seed in SEEDS]
    nodes = [node for node, op in enumerate(seeded[0].ops) if op == "random_bits"]
    if not nodes or loops(program.plan):
        return Draws(seeded, [])
    spread = []
    for share in QUANTILES:
        replaced = {node: bits_at(share, seeded[0].values[node]) for node in nodes}
        spread.append(evaluate(program, [np.array([0, SEEDS[0]], np.uint32)], replaced=replaced))
    return Draws(seeded, spread)


def bits_at(share: float, bits: np.ndarray) -> np.ndarray:
    return np.full(bits.shape, int(share * 2 ** (8 * bits.dtype.itemsize)), bits.dtype)


def loops(plan: Plan) -> bool:
    """Whether a program may run until its random numbers please it."""
    return any(step.op == "while" or any(map(loops, step.plans)) for step in plan.instructions)


def your_draws(yours: Yours) -> Draws:
    traced = yours.init_program
    return draw(Program(traced.closed, traced.roles, Callers((yours.implementation.file,))))


def reference_spreads(reference: Reference) -> dict[str, Spread]:
    """How each of the reference's own parameters is drawn."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    draws = draw(trace_program(reference.init, [key], [("key", "key")], reference.sites))
    return {
        path: told(draws.samples(place), draws.quantiles(place))
        for place, (path, kind) in enumerate(zip(reference.paths, reference.kinds, strict=True))
        if kind == "parameters"
    }


def told(samples: np.ndarray, quantiles: np.ndarray | None) -> Spread:
    spread = spread_of(samples, quantiles)
    if spread.kind != "constant" and not spread.exact and samples.ndim > 2 and is_orthogonal(samples):
        return dataclasses.replace(spread, kind="orthogonal")
    return spread


def portions(yours: Yours, draws: Draws, pairing: Pairing, reference: Reference, sure: bool) -> list[Portion]:
    """Everything of yours that answers to a parameter of the reference, in the order of first use.

    Args:
        sure: whether values confirm the whole pairing; if not, a parameter may stand beside another of its size alone.
    """
    spreads, shapes = reference_spreads(reference), dict(zip(reference.paths, reference.shapes))
    found = []
    for leaf, made, place in sorted(zip(pairing.leaves, pairing.made, yours.places), key=lambda each: each[0].use):
        if isinstance(made, Free) or leaf.kind != "parameters" or not (sure or plausible(leaf, made, shapes)):
            continue
        blocks = made.bundle.blocks
        samples, quantiles = draws.samples(place), draws.quantiles(place)
        whole = told(samples, quantiles)
        trace = draws.seeded[0]
        frames = frames_of(site_behind(trace, trace.outputs[place]))
        parts = [unmade(made, value, shapes) for value in samples]
        shares = [unmade(made, value, shapes) for value in quantiles] if quantiles is not None else None
        for path in parts[0]:
            drawn = np.stack([part[path] for part in parts])
            spread = told(drawn, None if shares is None else np.stack([part[path] for part in shares]))
            if whole.kind == "orthogonal" and spread.kind != "constant":
                spread = dataclasses.replace(spread, kind="orthogonal")
            fans = fans_of(path, shapes[path], leaf, rows_joined(blocks, shapes))
            fused = any(len(block.paths) > 1 for block in blocks)
            found.append(Portion(path, leaf, place, frames, drawn, spread, spreads[path], fans, fused))
    return found


def plausible(leaf: Leaf, made, shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether a parameter has as many axes as what it is paired with: a bias beside a kernel of its size has not."""
    several = any(len(shapes[path]) > 1 for path in made.bundle.paths)
    return several == (len(leaf.shape) > 1)


def unmade(made, value: np.ndarray, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The reference's parameters that `value` holds: the way back from `made`."""
    paths = list(dict.fromkeys(made.bundle.paths))
    sizes = [int(np.prod(shapes[path])) for path in paths]
    starts = np.cumsum([0, *sizes])
    numbered = {
        path: np.arange(start, start + size).reshape(shapes[path]) for path, start, size in zip(paths, starts, sizes)
    }
    flat = np.full(starts[-1], np.nan)
    flat[made.gradient(numbered).ravel()] = value.ravel()
    return {path: part.reshape(shapes[path]) for path, part in zip(paths, np.split(flat, starts[1:-1]))}


def rows_joined(blocks, shapes: dict[str, tuple[int, ...]]) -> int:
    """Rows of a kernel that joins several of the reference's, else 0."""
    paths = [block.paths[0] for block in blocks]
    if len(set(paths)) < 2:
        return 0
    return sum(shapes[path][0] if len(shapes[path]) > 1 else 1 for path in paths)


def fans_of(path: str, shape: tuple[int, ...], leaf: Leaf, joined: int) -> Fans | None:
    if not path.endswith("kernel"):
        return None
    if len(shape) == 4:
        return convolution_fans(shape, sum(size > 1 for size in leaf.shape) < 3)
    return recurrent_fans(shape, joined) if CELL.match(path) else dense_fans(shape)


def site_behind(trace: Trace, node: int) -> Site | None:
    """The line of yours that gives a value its numbers: the first on the way back that does more than lay them out."""
    random = [op == "random_bits" for op in trace.ops]
    for place, parents in enumerate(trace.parents):
        random[place] = random[place] or any([random[parent] for parent in parents])
    first = nearest_site(trace, node)
    while trace.ops[node] in LAYOUT and any(random[parent] for parent in trace.parents[node]):
        node = next(parent for parent in trace.parents[node] if random[parent])
    return nearest_site(trace, node) or first


def nearest_site(trace: Trace, node: int) -> Site | None:
    """The first line of yours on the way back from a node."""
    queue, seen = [-node], {node}
    while queue:
        here = -heapq.heappop(queue)
        if trace.sites[here] is not None:
            return trace.sites[here]
        for parent in trace.parents[here]:
            if parent not in seen:
                seen.add(parent)
                heapq.heappush(queue, -parent)
    return None
