"""Which parameter of yours is which of the reference's, found by size, order of use and name, then by values."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator

import numpy as np

from refkit.alignment.constructs import GATES, Atom, Construct, constructs, count
from refkit.alignment.expressions import Complement, Expression, Free, expressions
from refkit.alignment.gate_names import Said, named_gates

NAMES = {
    "scale": ("scale", "gamma"),
    "bias": ("bias", "biases", "beta", "b"),
    "mean": ("mean", "running_mean", "mu", "moving_mean"),
    "var": ("var", "variance", "running_var", "moving_var"),
}
MOST_STEPS = 3000


@dataclasses.dataclass(frozen=True)
class Leaf:
    """A parameter of yours.

    Args:
        path: as your tree has it, `params.Conv_0.kernel`.
        shape: its shape.
        kind: `parameters` or `statistics`.
        use: place in the order of first use.
    """

    path: str
    shape: tuple[int, ...]
    kind: str
    use: int


@dataclasses.dataclass(frozen=True)
class Pairing:
    """An assignment of every leaf of yours.

    Attributes:
        held: for each leaf, the construct that it holds, or None.
        made: for each leaf, how it is made of the reference's parameters.
        unpaired: paths of the reference's parameters that no leaf of yours holds.
        atoms: the reference's parameters.
        named: cells whose gates are where your names say; those that are used otherwise are a bug.
    """

    leaves: tuple[Leaf, ...]
    held: tuple[Construct | None, ...]
    made: tuple[Expression | Complement | Free, ...]
    unpaired: tuple[str, ...]
    atoms: tuple[Atom, ...] = ()
    named: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        return not self.unpaired and not any(isinstance(m, Free) for m in self.made)

    @property
    def missing(self) -> int:
        return len(self.unpaired) + sum(isinstance(m, Free) for m in self.made)

    @property
    def free(self) -> list[Atom]:
        return [atom for atom in self.atoms if atom.path in self.unpaired]

    def values(self, reference: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Your parameters, made of the reference's."""
        return [made.value(reference) for made in self.made]

    def with_made(self, k: int, made) -> "Pairing":
        return dataclasses.replace(self, made=(*self.made[:k], made, *self.made[k + 1 :]))

    def seated_among(self, atoms: list[Atom]) -> "Pairing | None":
        """The same assignment beside a reference that has more parameters; None where it lacks one that is held."""
        kept = {atom.path: atom.shape for atom in self.atoms if atom.path not in self.unpaired}
        if not kept.items() <= {atom.path: atom.shape for atom in atoms}.items():
            return None
        unpaired = tuple(atom.path for atom in atoms if atom.path not in kept)
        return dataclasses.replace(self, atoms=tuple(atoms), unpaired=unpaired)

    def cells(self) -> set[str]:
        return {held.cell for held in self.held if held is not None and held.cell is not None}


def pair(leaves: list[Leaf], atoms: list[Atom], said: Said = Said()) -> Pairing:
    """The likeliest pairing by sizes, names and order of use.

    Args:
        said: what your names say of gates.
    """
    gates = named_gates([*((leaf.path, leaf.shape) for leaf in leaves), *said.unused])
    places: dict[tuple, list[Construct]] = {}
    for construct in constructs(atoms, {count(leaf.shape) for leaf in leaves}):
        places.setdefault((construct.size, construct.kind), []).append(construct)
    likeliest: dict[tuple, list[Construct]] = {}

    def fitting(k: int) -> list[Construct]:
        """What a leaf may hold by its size, the likeliest by name first."""
        leaf = leaves[k]
        alike = (count(leaf.shape), leaf.kind, meaning(leaf.path), is_flat(leaf))
        if alike not in likeliest:
            near = lambda c: (name_distance(leaf.path, c.bundle.paths[0]), is_flat(leaf) not in (None, is_vector(c)))
            likeliest[alike] = sorted(places.get(alike[:2], []), key=near)
        return likeliest[alike]

    def candidates(k: int, used: set[str]) -> Iterator[Construct]:
        for construct in fitting(k):
            if used.isdisjoint(construct.bundle.paths) and (
                construct.gate is None or not gates or construct.gate == gates.get(k)
            ):
                if expressions(construct.bundle, leaves[k].shape):
                    yield construct

    order = sorted(range(len(leaves)), key=lambda k: leaves[k].use)
    return with_names(build(leaves, atoms, assigned(order, candidates, len(atoms))), gates, said.fused)


def assigned(
    order: list[int], candidates: Callable[[int, set[str]], Iterator[Construct]], atoms: int
) -> dict[int, Construct]:
    """What each leaf holds, such that the fewest leaves and parameters are left over; leaves that hold nothing are missing.

    Args:
        order: the leaves, in which they are given a place one after the other.
        candidates: what a leaf may hold while some parameters are taken.
        atoms: how many parameters there are.
    """
    best: tuple[int, dict[int, Construct]] | None = None
    chosen: dict[int, Construct] = {}
    used: set[str] = set()
    stack = [itertools.chain(candidates(k, used), [None]) for k in order[:1]]
    for _ in range(MOST_STEPS + len(order)):
        if not stack:
            break
        k = order[len(stack) - 1]
        if k in chosen:
            used.difference_update(chosen.pop(k).bundle.paths)
        try:
            place = next(stack[-1])
        except StopIteration:
            stack.pop()
            continue
        if place is not None:
            chosen[k] = place
            used.update(place.bundle.paths)
        if len(stack) < len(order):
            stack.append(itertools.chain(candidates(order[len(stack)], used), [None]))
            continue
        lost = len(order) - len(chosen) + atoms - len(used)
        if best is None or lost < best[0]:
            best = (lost, dict(chosen))
        if lost == 0:
            break
    return {} if best is None else best[1]


def with_names(pairing: Pairing, gates: dict[int, int], fused: tuple[int, ...] | None) -> Pairing:
    """With the parts of fused values in the order of their names, and the cells noted whose gates have names."""
    named = set()
    for cell in pairing.cells():
        members = [k for k, held in enumerate(pairing.held) if held is not None and held.cell == cell]
        if fused is not None and all(
            pairing.held[k].gate is None and isinstance(pairing.made[k], Expression) for k in members
        ):
            pairing = reorder_gates(pairing, cell, fused)
            named.add(cell)
        elif all(pairing.held[k].gate is not None and k in gates for k in members):
            pairing = with_twins(pairing, cell, gates)
            named.add(cell)
    return dataclasses.replace(pairing, named=frozenset(named))


def with_twins(pairing: Pairing, cell: str, gates: dict[int, int]) -> Pairing:
    """With the second of two biases at the first that is called after the same gate."""
    made, held = list(pairing.made), pairing.held
    biases = {
        held[k].gate: k
        for k in gates
        if k < len(held) and held[k] is not None and held[k].cell == cell and held[k].part == "b"
    }
    twins = [
        k
        for k, second in enumerate(made)
        if isinstance(second, Complement) and held[made.index(second.first)].cell == cell and gates.get(k) in biases
    ]
    for k in twins:
        first = made.index(made[k].first)
        made[first] = dataclasses.replace(made[first], offset=0)
        made[k] = None
    for k in twins:
        first = biases[gates[k]]
        made[first] = dataclasses.replace(made[first], offset=77 + k)
        made[k] = Complement(made[first])
    return dataclasses.replace(pairing, made=tuple(made))


def build(leaves: list[Leaf], atoms: list[Atom], chosen: dict[int, Construct]) -> Pairing:
    held = with_double_biases(leaves, [chosen.get(k) for k in range(len(leaves))])
    made: list = []
    for k, leaf in enumerate(leaves):
        if held[k] is not None:
            made.append(expressions(held[k].bundle, leaf.shape)[0])
        else:
            made.append(Free(leaf.shape, seed=1000 + k, positive=leaf.kind == "statistics"))
    for k, leaf in enumerate(leaves):  # the second of two biases
        if held[k] is None and len([s for s in leaf.shape if s > 1]) <= 2:
            for other in range(len(leaves)):
                twin = held[other]
                if twin is None or leaves[other].shape != leaf.shape or isinstance(made[other], Complement):
                    continue
                if made[other].offset or not all(path.endswith("bias") for path in twin.bundle.paths):
                    continue
                made[other] = dataclasses.replace(made[other], offset=77 + k)
                made[k] = Complement(made[other])
                break
    used = {path for construct in held if construct for path in construct.bundle.paths}
    unpaired = tuple(atom.path for atom in atoms if atom.path not in used)
    return Pairing(tuple(leaves), tuple(held), tuple(made), unpaired, tuple(atoms))


def with_double_biases(leaves: list[Leaf], held: list[Construct | None]) -> list[Construct | None]:
    """With every second one of twice as many fused biases as there are cells left open, for it to add up with the first."""
    fused = sorted(
        {h.bundle.paths: h for h in held if h is not None and h.part == "b" and h.gate is None}.values(),
        key=lambda construct: construct.use,
    )
    shapes = {leaves[k].shape for k, h in enumerate(held) if h in fused}
    alike = sorted(
        (k for k, leaf in enumerate(leaves) if leaf.shape in shapes and (held[k] is None or held[k] in fused)),
        key=lambda k: leaves[k].use,
    )
    if len(fused) < 2 or len(alike) != 2 * len(fused):
        return held
    found = list(held)
    for place, k in enumerate(alike):
        found[k] = None if place % 2 else fused[place // 2]
    return found


def name_distance(yours: str, reference: str) -> int:
    """0 where the last names agree in meaning, 1 where one of them says nothing, 2 where they disagree."""
    a, b = meaning(yours), meaning(reference)
    if a is None or b is None:
        return 1
    return 0 if a == b else 2


def meaning(path: str) -> str | None:
    last = re.split("[./]", path)[-1].partition("[")[0].lower().rstrip("0123456789")
    for name, words in NAMES.items():
        if last in words or last.startswith(tuple(f"{word}_" for word in words)):
            return name
    return None


def is_flat(leaf: Leaf) -> bool | None:
    """Whether a parameter is a vector; None where it is a row or a column, and may be either."""
    return None if len(leaf.shape) > 1 and sum(size != 1 for size in leaf.shape) < 2 else len(leaf.shape) < 2


def is_vector(construct: Construct) -> bool:
    return all(len(block.axes) == 1 for block in construct.bundle.blocks)


def variants(pairing: Pairing, open_leaves: set[int]) -> Iterator[Pairing]:
    """Other pairings that differ in the leaves whose place the values have not confirmed yet, the likeliest first."""
    yield from layouts(pairing, open_leaves)
    yield from swaps(pairing, open_leaves)
    yield from replacements(pairing, open_leaves)
    for cell in sorted(
        {pairing.held[k].cell for k in open_leaves if pairing.held[k] and pairing.held[k].cell is not None}
        - pairing.named
    ):
        yield from gate_orders(pairing, cell)


def layouts(pairing: Pairing, open_leaves: set[int]) -> Iterator[Pairing]:
    for k in sorted(open_leaves, key=lambda k: pairing.leaves[k].use):
        held, made = pairing.held[k], pairing.made[k]
        if held is None or not isinstance(made, Expression):
            continue
        for other in expressions(held.bundle, pairing.leaves[k].shape):
            other = dataclasses.replace(other, gates=made.gates, offset=made.offset)
            if other != made:
                yield pairing.with_made(k, other)


def swaps(pairing: Pairing, open_leaves: set[int]) -> Iterator[Pairing]:
    places = sorted(open_leaves)
    for a, b in itertools.combinations(places, 2):
        first, second = pairing.held[a], pairing.held[b]
        if first is None and second is None:
            continue
        if first is not None and second is not None and first.cell in pairing.named and first.cell == second.cell:
            if first.gate != second.gate:
                continue
        if count(pairing.leaves[a].shape) != count(pairing.leaves[b].shape):
            continue
        if pairing.leaves[a].kind != pairing.leaves[b].kind:
            continue
        if isinstance(pairing.made[a], Complement) or isinstance(pairing.made[b], Complement):
            continue
        made, held = list(pairing.made), list(pairing.held)
        held[a], held[b] = second, first
        for k in (a, b):
            if held[k] is None:
                made[k] = Free(pairing.leaves[k].shape, seed=1000 + k)
            else:
                fitting = expressions(held[k].bundle, pairing.leaves[k].shape)
                if not fitting:
                    break
                made[k] = fitting[0]
        else:
            yield dataclasses.replace(pairing, held=tuple(held), made=tuple(made))


def replacements(pairing: Pairing, open_leaves: set[int]) -> Iterator[Pairing]:
    """A parameter of the reference that nothing holds, in the place of what a leaf of its size holds."""
    for k in sorted(open_leaves):
        held, leaf = pairing.held[k], pairing.leaves[k]
        for atom in pairing.free:
            if (
                atom.kind != leaf.kind
                or count(atom.shape) != count(leaf.shape)
                or isinstance(pairing.made[k], Complement)
            ):
                continue
            construct = next((c for c in constructs([atom], set()) if c.bundle.paths == (atom.path,)), None)
            fitting = [] if construct is None else expressions(construct.bundle, leaf.shape)
            if not fitting:
                continue
            unpaired = [path for path in pairing.unpaired if path != atom.path]
            lost = [] if held is None else [path for path in held.bundle.paths if path not in unpaired]
            yield dataclasses.replace(
                pairing.with_made(k, fitting[0]),
                held=(*pairing.held[:k], construct, *pairing.held[k + 1 :]),
                unpaired=(*unpaired, *lost),
            )


def gate_orders(pairing: Pairing, cell: str) -> Iterator[Pairing]:
    """The same cell with its four gates in every other order, for all of its parameters at once."""
    for order in itertools.permutations(range(4)):
        if order != (0, 1, 2, 3):
            yield reorder_gates(pairing, cell, order)


def reorder_gates(pairing: Pairing, cell: str, order: tuple[int, ...]) -> Pairing:
    made, held = list(pairing.made), list(pairing.held)
    for k, construct in enumerate(pairing.held):
        if construct is None or construct.cell != cell or isinstance(made[k], (Complement, Free)):
            continue
        if construct.gate is None:
            gates = tuple(order[g] for g in made[k].gates or range(4))
            made[k] = dataclasses.replace(made[k], gates=gates)
        else:
            other = gate_construct(construct, order[construct.gate])
            held[k] = other
            made[k] = dataclasses.replace(made[k], bundle=other.bundle)
    for k, first in enumerate(pairing.made):
        if isinstance(first, Complement):
            twin = next(j for j, m in enumerate(pairing.made) if m == first.first)
            made[k] = Complement(made[twin])
    return dataclasses.replace(pairing, held=tuple(held), made=tuple(made))


def gate_construct(construct: Construct, gate: int) -> Construct:
    """The same part of another gate."""
    renamed = []
    for block in construct.bundle.blocks:
        paths = tuple(path.replace(f"{GATES[construct.gate]}_", f"{GATES[gate]}_") for path in block.paths)
        renamed.append(dataclasses.replace(block, paths=paths))
    bundle = dataclasses.replace(construct.bundle, blocks=tuple(renamed))
    return dataclasses.replace(construct, bundle=bundle, gate=gate)
