"""Initial values, parameter by parameter of the reference: how yours are drawn, how its own are, and by which lines."""

import dataclasses
import functools
import heapq
from collections.abc import Iterator

import jax
import numpy as np

from refkit.alignment.constructs import CELL
from refkit.alignment.expressions import Free
from refkit.alignment.pairing import Leaf, Pairing
from refkit.diagnosis.starts.fans import Fans, convolution_fans, dense_fans, recurrent_fans
from refkit.diagnosis.starts.pictures import pictures
from refkit.diagnosis.starts.spread import QUANTILES, Spread, spread_of
from refkit.diagnosis.yours import Yours
from refkit.subjects.reference import Reference
from refkit.tracing.callers import frames_of
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.quantiles import evaluate_quantile, loops
from refkit.tracing.trace import Site, Trace

KEY = np.array([0, 1], np.uint32)
LAYOUT = {
    "reshape",
    "transpose",
    "concatenate",
    "slice",
    "squeeze",
    "broadcast_in_dim",
    "convert_element_type",
    "copy",
    "rev",
    "pad",
    "dynamic_update_slice",
    "scatter",
    "stack-of-scan",
    "split",
}


@dataclasses.dataclass
class Draws:
    """An init program, run.

    Attributes:
        seeded: with a key.
        spread: one trace a quantile, every random number at that share of its range; none where the program loops until
            its numbers please it.
    """

    seeded: Trace
    spread: list[Trace]

    def sample(self, place: int) -> np.ndarray:
        return initial_value(self.seeded, place)

    def quantiles(self, place: int) -> list[np.ndarray]:
        return [initial_value(trace, place) for trace in self.spread]

    def making_site(self, place: int) -> Site | None:
        """The line of yours that comes last in making a parameter."""
        return nearest_site(self.seeded, self.seeded.outputs[place])

    def drawing_site(self, place: int) -> Site | None:
        """The line of yours that gives it its numbers: the last that does more than lay them out."""
        trace, random, node = self.seeded, self.random, self.seeded.outputs[place]
        while trace.ops[node] in LAYOUT and any(random[parent] for parent in trace.parents[node]):
            node = next(parent for parent in trace.parents[node] if random[parent])
        return nearest_site(trace, node) or self.making_site(place)

    def random_site(self, place: int) -> Site | None:
        """The call of yours that draws a parameter's random numbers, if it has any."""
        trace, random, node = self.seeded, self.random, self.seeded.outputs[place]
        if not random[node]:
            return None
        while trace.ops[node] != "random_bits":
            node = next(parent for parent in trace.parents[node] if random[parent])
        return next(iter(frames_of(trace.sites[node])), None)

    @functools.cached_property
    def random(self) -> list[bool]:
        """Whether each node depends on random numbers."""
        found: list[bool] = []
        for op, parents in zip(self.seeded.ops, self.seeded.parents):
            found.append(op == "random_bits" or any([found[parent] for parent in parents]))
        return found


def initial_value(trace: Trace, place: int) -> np.ndarray:
    return trace.values[trace.outputs[place]].astype(np.float64, copy=False)


@dataclasses.dataclass(eq=False)
class Portion:
    """What one parameter of yours holds of one parameter of the reference.

    Attributes:
        path: the reference's parameter; empty where none answers to yours.
        leaf: yours.
        place: its place among the outputs of your init.
        frames: your lines that made it, innermost first.
        draw: the call among them that draws random numbers, if any does.
        sample: one draw, `f64[*shape]` in the reference's layout.
        spread: how it is drawn.
        reference: how the reference's is drawn.
        fans: of a kernel; None for everything else.
        fused: whether yours holds several gates in one.
        eased: how many times smaller than the reference's it should begin for your activation.
    """

    path: str
    leaf: Leaf
    place: int
    frames: tuple[Site, ...]
    draw: Site | None
    sample: np.ndarray
    spread: Spread
    reference: Spread
    fans: Fans | None
    fused: bool
    eased: float = 1.0

    @property
    def role(self) -> str:
        """`kernel`, `embedding`, `bias`, `scale`, or empty."""
        return self.path.rsplit(".", 1)[-1]

    @property
    def of_cell(self) -> str:
        """`x` or `h` for a kernel of a recurrent cell, else empty."""
        found = CELL.match(self.path)
        return found[3] if found else ""

    @property
    def weighs(self) -> bool:
        return self.role in ("kernel", "embedding")

    @property
    def may_weigh(self) -> bool:
        return self.weighs or (not self.path and len(self.leaf.shape) > 1)


@dataclasses.dataclass(frozen=True)
class Known:
    """What the reference says of its parameters, by their paths.

    Attributes:
        spreads: how each is drawn.
        shapes: `[height, width, in, out]` of a convolution's kernel.
        pictures: height and width of what a convolution goes over.
    """

    spreads: dict[str, Spread]
    shapes: dict[str, tuple[int, ...]]
    pictures: dict[str, tuple[int, int]]


def draw(program: Program) -> Draws:
    """Run an init program with a key, and with its random numbers put at fixed shares of their range."""
    seeded = evaluate(program, [KEY])
    if "random_bits" not in seeded.ops or loops(program.plan):
        return Draws(seeded, [])
    return Draws(seeded, [evaluate_quantile(program, [KEY], share) for share in QUANTILES])


def your_draws(yours: Yours) -> Draws:
    traced = yours.init_program
    return draw(Program(traced.closed, traced.roles, yours.sites))


def reference_spreads(reference: Reference) -> dict[str, Spread]:
    """How each of the reference's own parameters is drawn."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    draws = draw(trace_program(reference.init, [key], [("key", "key")], reference.sites))
    return {
        path: spread_of(draws.sample(place), draws.quantiles(place))
        for place, (path, kind) in enumerate(zip(reference.paths, reference.kinds, strict=True))
        if kind == "parameters"
    }


def portions(
    yours: Yours, draws: Draws, pairing: Pairing, reference: Reference, forward: Trace, sure: bool
) -> list[Portion]:
    """Everything of yours with the parameters of the reference that it answers to, in the order of first use.

    Args:
        forward: the reference's forward pass.
        sure: whether values confirm the whole pairing; if not, a parameter may stand beside another of its size alone.
    """
    known = Known(
        reference_spreads(reference), dict(zip(reference.paths, reference.shapes)), pictures(forward, reference.paths)
    )
    found = []
    for leaf, made, place in sorted(zip(pairing.leaves, pairing.made, yours.places), key=lambda each: each[0].use):
        if leaf.kind != "parameters":
            continue
        paired = not isinstance(made, Free) and (sure or plausible(leaf, made, known.shapes))
        found += parted(leaf, place, made, draws, known) if paired else [alone(leaf, place, draws)]
    return found


def alone(leaf: Leaf, place: int, draws: Draws) -> Portion:
    """A parameter of yours that answers to none of the reference's."""
    sample = draws.sample(place)
    spread = spread_of(sample, draws.quantiles(place))
    frames, drawn = frames_of(draws.drawing_site(place)), draws.random_site(place)
    return Portion("", leaf, place, frames, drawn, sample, spread, spread, None, False)


def parted(leaf: Leaf, place: int, made, draws: Draws, known: Known) -> Iterator[Portion]:
    """A parameter of yours, one portion for each of the reference's that it holds."""
    whole = spread_of(draws.sample(place), draws.quantiles(place))
    sample = unmade(made, draws.sample(place), known.shapes)
    quantiles = [unmade(made, value, known.shapes) for value in draws.quantiles(place)]
    fused = any(len(block.paths) > 1 for block in made.bundle.blocks)
    for path, part in sample.items():
        spread = spread_of(part, [parts[path] for parts in quantiles])
        constant = spread.kind == "constant"
        if whole.kind == "orthogonal" and not constant:
            spread = dataclasses.replace(spread, kind="orthogonal")
        fans = fans_of(path, known, leaf, rows_joined(made.bundle.blocks, known.shapes), fused)
        frames = frames_of(draws.making_site(place) if constant else draws.drawing_site(place))
        drawn = draws.random_site(place)
        yield Portion(path, leaf, place, frames, drawn, part, spread, known.spreads[path], fans, fused)


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


def fans_of(path: str, known: Known, leaf: Leaf, joined: int, fused: bool) -> Fans | None:
    if not path.endswith("kernel"):
        return None
    shape = known.shapes[path]
    if len(shape) == 4:
        return convolution_fans(shape, sum(size > 1 for size in leaf.shape) < 3, known.pictures.get(path))
    if CELL.match(path):
        return recurrent_fans(shape, joined, leaf.shape if fused else ())
    return dense_fans(shape, leaf.shape)


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
