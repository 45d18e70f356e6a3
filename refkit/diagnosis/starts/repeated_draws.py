"""Kernels that begin with the same random numbers: by the keys they are drawn from, and by their values."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from refkit.diagnosis.starts.initial import Draws, Portion
from refkit.tracing.callers import frames_of
from refkit.tracing.trace import Site, Trace

FEWEST = 8  # numbers to compare
MOST = 64
ALIKE = 1e-6
NEAR = 1e-4  # between ratios of two numbers


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Random numbers that a parameter of yours is made of.

    Args:
        path: of that parameter.
        frames: your lines that drew them, innermost first.
    """

    path: str
    frames: tuple[Site, ...]


def repeated_draws(draws: Draws, portions: list[Portion]) -> list[list[Drawing]]:
    """Every group of drawings that share their numbers, in the order in which they are drawn."""
    kernels = [portion for portion in portions if portion.may_weigh and portion.spread.kind != "constant"]
    groups = by_key(draws.seeded, kernels)
    told = {drawing.path for group in groups for drawing in group}
    return [*groups, *by_value(draws, kernels, told)]


def by_key(trace: Trace, kernels: list[Portion]) -> list[list[Drawing]]:
    """Drawings from one and the same key that go into different parameters of the reference."""
    places = {portion.place: portion.leaf.path for portion in kernels}
    sources = random_sources(trace)
    into: dict[int, list[int]] = {}
    for place in places:
        for node in sources[trace.outputs[place]]:
            into.setdefault(node, []).append(place)
    drawn: dict[bytes, list[tuple[int, int]]] = {}
    for node in sorted(into):
        for key in trace.values[trace.parents[node][0]].reshape(-1, 2):
            drawn.setdefault(key.tobytes(), []).extend((node, place) for place in into[node])
    twins = {first.place for first, second in alike_portions(kernels) if first.place == second.place}
    found = []
    for uses in drawn.values():
        apart = any(a[0] != b[0] and a[1] != b[1] for a, b in itertools.combinations(uses, 2))
        if apart or (len(uses) > 1 and twins.intersection(place for _, place in uses)):
            found.append([Drawing(places[place], frames_of(trace.sites[node])) for node, place in uses])
    return found


def random_sources(trace: Trace) -> list[frozenset[int]]:
    """For each node, the draws of random bits that it is made of."""
    found: list[frozenset[int]] = []
    for node, (op, parents) in enumerate(zip(trace.ops, trace.parents)):
        before = {found[parent] for parent in parents}
        whole = next(iter(before)) if len(before) == 1 else frozenset().union(*before)
        found.append(frozenset({node}) if op == "random_bits" else whole)
    return found


def by_value(draws: Draws, kernels: list[Portion], told: set[str]) -> list[list[Drawing]]:
    """Parameters that hold the same numbers although no key tells it, as with a seed of NumPy's set anew for each."""
    found: list[list[Portion]] = []
    for first, second in [*alike_portions(kernels), *alike_beginnings(draws, kernels)]:
        if {first.leaf.path, second.leaf.path} <= told:
            continue
        group = next((group for group in found if first in group or second in group), None)
        if group is None:
            found.append(group := [])
        group += [portion for portion in (first, second) if portion not in group]
    return [[Drawing(portion.leaf.path, portion.frames) for portion in group] for group in found]


def alike_portions(kernels: list[Portion]) -> list[tuple[Portion, Portion]]:
    """Kernels of equal shape whose elements are equal up to scale."""
    numbers = [(kernel, kernel.sample.ravel()) for kernel in kernels if varied(kernel.sample)]
    return [
        (first, second)
        for (first, a), (second, b) in neighbours(numbers)
        if first.sample.shape == second.sample.shape and alike(a, b)
    ]


def alike_beginnings(draws: Draws, kernels: list[Portion]) -> list[tuple[Portion, Portion]]:
    """Kernels of other shapes whose first numbers are equal up to scale, row by row or column by column."""
    leaves = {portion.place: portion for portion in kernels if varied(portion.sample)}
    numbers = [
        (portion, order.ravel())
        for place, portion in leaves.items()
        for order in (draws.sample(place), draws.sample(place).T)
    ]
    return [
        (first, second)
        for (first, a), (second, b) in neighbours(numbers)
        if first.place != second.place and alike(*beginnings(a, b))
    ]


def neighbours(numbers: list[tuple[Portion, np.ndarray]]) -> Iterator[tuple[tuple, tuple]]:
    """Pairs whose second number is about the same multiple of the first."""
    ratios = [values[1] / values[0] if values[0] else np.inf for _, values in numbers]
    order = [k for k in np.argsort(ratios) if np.isfinite(ratios[k])]
    for place, k in enumerate(order):
        for other in order[place + 1 :]:
            if ratios[other] - ratios[k] > NEAR * (1 + abs(ratios[k])):
                break
            yield (numbers[k], numbers[other]) if k < other else (numbers[other], numbers[k])


def beginnings(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = min(first.size, second.size, MOST)
    return first[:count], second[:count]


def alike(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether one is a multiple of the other."""
    if len(first) < FEWEST or not first.any() or not second.any():
        return False
    factor = float(first @ second) / float(first @ first)
    return bool(np.abs(second - factor * first).max() <= ALIKE * np.abs(second).max())


def varied(value: np.ndarray) -> bool:
    """Whether most of its numbers are its own: not an identity, not a pattern."""
    return value.size >= FEWEST and len(np.unique(value.ravel()[:1024])) > min(value.size, 1024) / 2
