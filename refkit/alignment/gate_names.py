"""Which gate of an LSTM a parameter is called after: `W_xf`, `hidden_forget.kernel`, `if.kernel`."""

import ast
import dataclasses
import itertools
import os
import re

from refkit.alignment.constructs import GATES

LONGEST = 12  # letters in a gate's name
SPLITTING = {"split", "array_split", "unstack", "chunk"}
BEHIND = re.compile(r"3 \* ?[\w.]+ ?:")  # a slice from the fourth part on
FIRST_LETTERS = {"i": "input", "f": "forget", "o": "output"}
CELL_LETTERS = "cgjuzmna"  # cell, candidate, gate, j as TensorFlow has it, update, modulation, new, activation


@dataclasses.dataclass(frozen=True)
class Said:
    """What your program's names say of an LSTM's gates.

    Args:
        fused: the gates in the order in which it names the parts of a fused value; None where it does not.
        unused: path and shape of the parameters that no step takes.
    """

    fused: tuple[int, ...] | None = None
    unused: tuple[tuple[str, tuple[int, ...]], ...] = ()


def named_gates(paths: list[tuple[str, tuple[int, ...]]]) -> dict[int, int]:
    """The gate that each parameter's name says, as an index into `GATES`.

    Four parameters of one shape that are called alike but for one part, which names the four gates, are a family.

    Args:
        paths: dotted path and shape of every parameter of yours.
    """
    found: dict[int, int] = {}
    words: dict[str, int] = {}
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for k, (_, shape) in enumerate(paths):
        by_shape.setdefault(shape, []).append(k)
    for members in by_shape.values():
        if len(members) > 24:
            continue  # no cell: deep stacks of layers
        families = []
        for family in itertools.combinations(members, 4):
            names = [paths[k][0] for k in family]
            gates, shared = family_of(names)
            if gates is not None:
                families.append((shared, family, gates, middles_of(names)))
        for _, family, gates, middles in sorted(families, key=lambda entry: -entry[0]):
            if not any(k in found for k in family):
                found.update(zip(family, gates))
                words.update(zip(middles, gates))
    return found | incomplete(paths, found, words)


def incomplete(paths, found: dict[int, int], words: dict[str, int]) -> dict[int, int]:
    """The gates of what is called like a family, one of which is not there: a layer that is never called has no parameters."""
    groups: dict[tuple, dict[int, int]] = {}
    for k, (name, shape) in enumerate(paths):
        for word, gate in words.items():
            if k not in found and len(word) > 1 and word in name:
                groups.setdefault((shape, name.replace(word, "*")), {})[k] = gate
    return {
        k: gate
        for group in groups.values()
        if len(group) >= 2 and len(set(group.values())) == len(group)
        for k, gate in group.items()
    }


def family_of(names: list[str]) -> tuple[list[int] | None, int]:
    """The gates that four names differ in, and how many letters they share; None where they name no gates."""
    middles = middles_of(names)
    gates = [gate_called(middle) for middle in middles]
    if None in gates or len(set(gates)) < len(names):
        return None, 0
    return [GATES.index(gate) for gate in gates], len(names[0]) - len(middles[0])


def middles_of(names: list[str]) -> list[str]:
    """The part of each name that is its own."""
    start = len(os.path.commonprefix(names))
    end = len(os.path.commonprefix([name[: start - 1 : -1] if start else name[::-1] for name in names]))
    return [name[start : len(name) - end] for name in names]


def gate_called(word: str) -> str | None:
    """The gate that begins with the word's first letter."""
    if not re.fullmatch(rf"[A-Za-z]{{1,{LONGEST}}}(_[a-z]*)?", word):
        return None
    letter = word[0].lower()
    return FIRST_LETTERS.get(letter) or ("cell" if letter in CELL_LETTERS else None)


def split_order(tree: ast.AST) -> tuple[int, ...] | None:
    """The gates in the order in which a program names the parts of a fused value: `i, f, g, o = jnp.split(z, 4, -1)`.

    None where no such line is, or two of them disagree.
    """
    orders = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        function = node.value.func
        word = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        names = [getattr(part, "id", "") for target in node.targets for part in getattr(target, "elts", ())]
        if word.lower() in SPLITTING and len(names) in (3, 4):
            gates, _ = family_of(names)
            if gates is not None and len(names) == 3:  # the fourth is squashed otherwise, and lies behind them
                gates = (
                    None
                    if GATES.index("cell") in gates or not BEHIND.search(ast.unparse(tree))
                    else [*gates, GATES.index("cell")]
                )
            if gates is not None:
                orders.add(tuple(gates))
    return orders.pop() if len(orders) == 1 else None
