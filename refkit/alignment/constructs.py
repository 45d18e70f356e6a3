"""What a parameter of yours may hold of the reference: one parameter, fused gates, joined rows, a folded bias."""

import dataclasses
import re

from refkit.alignment.expressions import Block, Bundle

GATES = ("input", "forget", "cell", "output")
CELL = re.compile(r"^(.*?)(input|forget|cell|output)_(x|h)\.(kernel|bias)$")


@dataclasses.dataclass(frozen=True)
class Atom:
    """A parameter of the reference.

    Args:
        path: `conv1.kernel`.
        shape: its shape.
        kind: `parameters` or `statistics`.
        use: place in the order of first use.
        row_blocks: fine axes of its rows, block by block, as the values that it multiplies were flattened and joined:
            `((5, 5, 16),)` behind a flatten, `((5, 5, 16), (128,))` behind a flatten that was concatenated with a vector.
    """

    path: str
    shape: tuple[int, ...]
    kind: str
    use: int
    row_blocks: tuple[tuple[int, ...], ...] = ()

    def blocks(self) -> tuple[Block, ...]:
        if not self.row_blocks or len(self.shape) != 2:
            return (Block((self.path,), self.shape),)
        if len(self.row_blocks) == 1:
            return (Block((self.path,), (*self.row_blocks[0], self.shape[1])),)
        blocks, start = [], 0
        for axes in self.row_blocks:
            size = 1
            for axis in axes:
                size *= axis
            blocks.append(Block((self.path,), (*axes, self.shape[1]), start, start + size))
            start += size
        return tuple(blocks)


@dataclasses.dataclass(frozen=True)
class Construct:
    """A bundle that a parameter of yours may hold.

    Args:
        bundle: the reference's parameters.
        size: number of elements.
        use: place in the order of first use.
        cell: prefix of the recurrent cell whose gates it holds, or None.
        gate: for a single gate's parameter, which one; None where all four are fused, or there is no cell.
        part: `x`, `h`, `b`, `xh`, `xb`, `xhb`: what of the cell it holds.
        kind: `parameters` or `statistics`.
        plain: whether programs usually hold it so; what is usual is tried first, in the order of use.
    """

    bundle: Bundle
    size: int
    use: int
    cell: str | None = None
    gate: int | None = None
    part: str = ""
    kind: str = "parameters"
    plain: bool = True


def constructs(atoms: list[Atom], sizes: set[int]) -> list[Construct]:
    """Everything that a parameter of yours may hold, in the order of the reference's first use, the plainest first.

    Args:
        sizes: of your parameters, for stacks of the reference's.
    """
    by_path = {atom.path: atom for atom in atoms}
    found = []
    cells: dict[str, int] = {}
    for atom in atoms:
        match = CELL.match(atom.path)
        cell, gate, part = None, None, ""
        if match:
            cell, gate = match[1], GATES.index(match[2])
            part = "b" if match[4] == "bias" else match[3]
            cells.setdefault(cell, atom.use)
        found.append(Construct(Bundle(atom.blocks()), count(atom.shape), atom.use, cell, gate, part, atom.kind))
        bias = by_path.get(atom.path.replace(".kernel", ".bias"))
        if atom.path.endswith(".kernel") and bias is not None and len(atom.shape) == 2 and not match:
            rows = Block((bias.path,), (1, bias.shape[0]))
            blocks = (*atom.blocks(), rows)
            found.append(Construct(Bundle(blocks), count(atom.shape) + bias.shape[0], atom.use, plain=False))
    for cell, use in cells.items():
        found.extend(cell_constructs(cell, by_path, use))
    found.extend(stacks(atoms, sizes))
    return sorted(found, key=lambda c: (not c.plain, c.use))


def stacks(atoms: list[Atom], sizes: set[int]) -> list[Construct]:
    """Equal layers held in one array, as a scan over layers has them: every run of parameters alike in name and shape."""
    found = []
    groups: dict[tuple, list[Atom]] = {}
    for atom in atoms:
        if not CELL.match(atom.path):
            groups.setdefault((atom.path.rsplit(".", 1)[-1], atom.shape, atom.kind), []).append(atom)
    for (_, shape, kind), members in groups.items():
        lengths = sorted(size // count(shape) for size in sizes if size % count(shape) == 0)
        for length in (length for length in lengths if 2 <= length <= len(members)):
            for start in range(len(members) - length + 1):
                run = members[start : start + length]
                bundle = Bundle((Block(tuple(atom.path for atom in run), shape),))
                found.append(Construct(bundle, count(shape) * len(run), run[0].use, kind=kind, plain=False))
    return found


def cell_constructs(cell: str, atoms: dict[str, Atom], use: int) -> list[Construct]:
    """Fused gates, input and state joined, bias folded in: everything that holds several of a cell's parameters."""

    def paths(form: str) -> list[str]:
        return [cell + form.format(gate) for gate in GATES]

    x, h, b = paths("{}_x.kernel"), paths("{}_h.kernel"), paths("{}_x.bias")
    parts = {"x": x, "h": h, "b": b}
    available = {part: names for part, names in parts.items() if all(name in atoms for name in names)}
    fused_bias = sum(count(atoms[name].shape) for name in available.get("b", ()))
    found = []
    for combination in ("x", "h", "b", "xh", "xb", "hb", "xhb"):
        if any(part not in available for part in combination):
            continue
        for gate in (None, 0, 1, 2, 3):
            if gate is not None and len(combination) == 1:
                continue  # a plain atom
            blocks = []
            for part in combination:
                names = available[part] if gate is None else [available[part][gate]]
                shape = atoms[names[0]].shape
                axes = shape if len(shape) > 1 or combination == "b" else (1, *shape)
                blocks.append(Block(tuple(names), axes))
            size = sum(count(atoms[path].shape) for block in blocks for path in block.paths)
            # a fused bias, else a bias further on would be taken for it; and what is as large, else the bias would be
            plain = gate is None and len(combination) == 1 and (combination == "b" or size == fused_bias)
            found.append(Construct(Bundle(tuple(blocks)), size, use, cell, gate, combination, plain=plain))
    return found


def count(shape: tuple[int, ...]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size
