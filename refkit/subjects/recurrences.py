"""Units and inputs of LSTM cells, read off the shapes of their parameters."""

import dataclasses
import itertools

from refkit.alignment.pairing import Leaf


@dataclasses.dataclass(frozen=True)
class Cells:
    """Recurrent cells of equal width.

    Args:
        hidden: units of the state.
        features: numbers a step goes in with.
        count: how many cells there are: layers times directions.
        used: places, in the order of use, of the leaves that belong to the cells.
    """

    hidden: int
    features: int
    count: int
    used: frozenset[int]


MOST_WIDTHS = 2  # that the sizes allow and that are looked into


def read(leaves: tuple[Leaf, ...], features: int) -> list[Cells]:
    """What the first cell may be, which goes in with `features` numbers, by the sizes that an LSTM's parameters add up to.

    A cell has 4 hidden (features + hidden) weights and 4 hidden biases, once or twice, however they are cut up: so for
    each width the leaves whose shape has a multiple of it are added up until they make a cell.
    """
    found = []
    for hidden in candidates(leaves):
        used = read_at(leaves, list(range(len(leaves))), features, hidden)
        if used is not None:
            found.append(Cells(hidden, features, 1, used))
    weights = {cells: sum(size(leaves[k].shape) for k in cells.used) for cells in found}
    return sorted(found, key=lambda cells: (skipped(cells), -weights[cells]))[:MOST_WIDTHS]


def skipped(cells: Cells) -> int:
    """How many leaves are used between those of a cell without belonging to it: sizes that fit by chance skip many."""
    return max(cells.used) - min(cells.used) + 1 - len(cells.used)


def read_at(
    leaves: tuple[Leaf, ...], among: list[int], features: int, hidden: int, twice: bool = True
) -> frozenset[int] | None:
    """Places of the leaves that make the first cell of this width, with its biases counted once or twice.

    Args:
        twice: whether biases that follow a whole cell at once are its second ones.
    """
    places = [k for k in among if leaves[k].kind == "parameters" and of_cell(leaves[k].shape, hidden, features)]
    weights, biases = 4 * hidden * (features + hidden), 4 * hidden
    for begin in range(len(places)):  # what comes first may have such a size by chance, as a convolution's kernel
        total = 0
        for end, k in enumerate(places[begin:], start=begin + 1):
            total += size(leaves[k].shape)
            if total == weights + biases:
                further = places[end:] if twice else []
                return frozenset(with_second_bias(leaves, places[begin:end], further, hidden))
            if total == weights + 2 * biases:
                return frozenset(places[begin:end])
            if total > weights + 2 * biases:
                break
    return None


def read_all(leaves: tuple[Leaf, ...], features: int) -> list[tuple[Cells, int, bool]]:
    """Every way in which the leaves may be a stack: the cells of all layers together, layers, and whether in both directions."""
    return [stack for first in read(leaves, features) for stack in stacks(leaves, features, first.hidden)]


def stacks(leaves: tuple[Leaf, ...], features: int, hidden: int) -> list[tuple[Cells, int, bool]]:
    """The same for one width; the largest stack first."""
    found = {}
    for twice, both in itertools.product((True, False), (False, True)):
        used, layers, at = frozenset(), 0, features
        while layers < 4:
            taken = layer(leaves, used, at, hidden, both, twice)
            if taken is None:
                break
            used, layers, at = used | taken, layers + 1, hidden * (2 if both else 1)
            found[Cells(hidden, features, layers * (2 if both else 1), used), layers, both] = None
    return sorted(found, key=lambda item: -len(item[0].used))


def layer(leaves, used: frozenset[int], features: int, hidden: int, both: bool, twice: bool) -> frozenset[int] | None:
    """Places of the next layer's leaves: one cell, or two that go in with the same."""
    taken: frozenset[int] = frozenset()
    for _ in range(2 if both else 1):
        rest = [k for k in range(len(leaves)) if k not in used | taken]
        cell = read_at(leaves, rest, features, hidden, twice)
        if cell is None:
            return None
        taken |= cell
    return taken


def candidates(leaves: tuple[Leaf, ...]) -> list[int]:
    """Widths that a state can have: a square kernel's side, a fourth of an axis, in that order."""
    found: list[int] = []
    for leaf in leaves:
        shape = [s for s in leaf.shape if s > 1]
        for axis in shape:
            if axis % 4 == 0 and len(shape) > 1 and (axis // 4 in shape or any(other > axis // 4 for other in shape)):
                found.append(axis // 4)
    for leaf in leaves:
        if len(leaf.shape) >= 2 and leaf.shape[-1] == leaf.shape[-2]:
            found.append(leaf.shape[-1])
    for leaf in leaves:
        found += [axis for axis in leaf.shape if axis > 1]
    return list(dict.fromkeys(found))


def of_cell(shape: tuple[int, ...], hidden: int, features: int) -> bool:
    return size(shape) % hidden == 0 and size(shape) // hidden in parts(hidden, features)


def parts(hidden: int, features: int) -> set[int]:
    """Sizes, over `hidden`, of whatever a cell's parameters may be cut into."""
    rows = {features, hidden, 1, features + hidden, features + 1, hidden + 1, features + hidden + 1}
    return rows | {4 * count for count in rows}


def with_second_bias(leaves, taken: list[int], further: list[int], hidden: int) -> list[int]:
    """A second bias that follows at once belongs to the cell as well."""
    found, total = list(taken), 0
    for k in further:
        if size(leaves[k].shape) in (hidden, 4 * hidden) and len([s for s in leaves[k].shape if s > 1]) <= 2:
            total += size(leaves[k].shape)
            if total > 4 * hidden:
                break
            found.append(k)
            if total == 4 * hidden:
                return found
        else:
            break  # the next cell begins
    return list(taken)


def size(shape: tuple[int, ...]) -> int:
    result = 1
    for axis in shape:
        result *= axis
    return result
