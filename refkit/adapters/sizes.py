"""Sizes of the inputs as the user's program has them: from dummy arrays in it, the parameters' shapes, by trial."""

import dataclasses
import itertools
import re
from typing import Any

import jax

from refkit.adapters.evidence import Evidence
from refkit.implementation import Input

TIME_NAMES = re.compile(
    r"(n_?|num_?|max_?)?(t|time|steps|timesteps|time_steps|seq(uence)?|length|seqlen|maxlen|words)(_?(len|length|steps|size))?",
    re.I,
)
VOCABULARY_NAMES = re.compile(r"(n_?|num_?)?(vocab|vocabulary|words|tokens)(_?size)?", re.I)
IMAGE_NAMES = re.compile(r"(img|image|picture)?_?(size|side|height|width|hw)", re.I)


def variants(inputs: tuple[Input, ...], evidence: Evidence, leaves: list[Any]) -> list[tuple[Input, ...]]:
    """The inputs at sizes that the program may have, most plausible first.

    Args:
        inputs: at the reference's sizes.
        leaves: shapes of the parameters; empty where they follow from the inputs.
    """
    choices = [sizes_of(given, evidence, leaves) for given in inputs]
    if inputs[0].kind == "sequence":
        tokens = dataclasses.replace(
            inputs[0], kind="tokens", shape=inputs[0].shape[:1], dtype="int32", high=vocabulary(evidence, leaves)
        )
        choices[0] = [tokens, *choices[0]] if evidence.looks_up_tokens else [*choices[0], tokens]
    products = sorted(itertools.product(*(range(len(choice)) for choice in choices)), key=sum)
    found = [tuple(choice[index] for choice, index in zip(choices, product, strict=True)) for product in products]
    return list(dict.fromkeys(found))


def sizes_of(given: Input, evidence: Evidence, leaves: list[Any]) -> list[Input]:
    finder = {"features": feature_sizes, "image": image_sizes, "sequence": sequence_sizes, "tokens": token_sizes}.get(
        given.kind
    )
    shapes = [*(finder(given, evidence, leaves) if finder else []), given.shape]
    if finder is None:
        shapes = [given.shape]
    found = [dataclasses.replace(given, shape=shape) for shape in dict.fromkeys(shapes)]
    if given.kind == "tokens":
        found = [dataclasses.replace(entry, high=vocabulary(evidence, leaves) or given.high) for entry in found]
    return found


def matrices(leaves: list[Any]) -> list[tuple[int, ...]]:
    return [tuple(leaf.shape) for leaf in leaves if len(leaf.shape) == 2]


def feature_sizes(given: Input, evidence: Evidence, leaves: list[Any]) -> list[tuple[int, ...]]:
    """Dummy arrays first, then the reference's size where a matrix has it, then every matrix's rows and columns."""
    dummies = [shape[1:] for shape in evidence.dummy_shapes if len(shape) == 2]
    flat = [(prod(shape[1:]),) for shape in evidence.dummy_shapes if len(shape) in (3, 4)]
    sides = [size for shape in matrices(leaves) for size in shape]
    if given.shape[0] in sides or not leaves:
        return [*dummies, *flat, given.shape]
    return [
        *dummies,
        *flat,
        *((rows,) for rows, _ in matrices(leaves)),
        *((columns,) for _, columns in matrices(leaves)),
    ]


def image_sizes(given: Input, evidence: Evidence, leaves: list[Any]) -> list[tuple[int, ...]]:
    height, width, channels = given.shape
    found = []
    for shape in evidence.dummy_shapes:
        if len(shape) == 4 and shape[-1] <= 4:
            found.append(shape[1:])
        elif len(shape) == 4 and shape[1] <= 4:
            found.append((*shape[2:], shape[1]))
        elif len(shape) == 3 and min(shape) <= 4 < max(shape[:2]):
            found.append(shape if shape[-1] <= 4 else (*shape[1:], channels))
    depths = [
        depth for leaf in leaves if len(leaf.shape) == 4 for depth in (leaf.shape[2], leaf.shape[1]) if depth in (1, 3)
    ]
    depths = (
        list(dict.fromkeys([channels, *depths])) if channels in depths or not depths else list(dict.fromkeys(depths))
    )
    sides = [(height, width), *((side, side) for side in constants(evidence, IMAGE_NAMES) if 4 <= side <= 512)]
    sides += [(side, side) for side in (32, 28, 8, 64) if speaks_of_side(side, evidence)]
    return [*found, *((*side, depth) for depth in depths for side in dict.fromkeys(sides))]


def speaks_of_side(side: int, evidence: Evidence) -> bool:
    """Whether the file says that its pictures have this side; 32 also where it says nothing at all."""
    if re.search(rf"\b{side}\s*[,x×*]\s*{side}\b", evidence.source):
        return True
    return side == 32 and not re.search(r"\b28\b|mnist|digits", evidence.source, re.I)


def sequence_sizes(given: Input, evidence: Evidence, leaves: list[Any]) -> list[tuple[int, ...]]:
    steps, features = given.shape
    dummies = [shape[1:] for shape in evidence.dummy_shapes if len(shape) == 3]
    rows = [shape[0] for shape in matrices(leaves)]
    columns = [shape[1] for shape in matrices(leaves)]
    widths = list(dict.fromkeys([features, *(size for size in [*rows, *columns] if size <= 64)]))
    widths += [size for size in glued(matrices(leaves)) if size not in widths]
    times = list(dict.fromkeys([steps, *constants(evidence, TIME_NAMES)]))
    short = [
        (steps, width) for _, width in dummies
    ]  # a recurrence takes any number of steps: few are as good, and faster
    return [*short, *dummies, *((steps, width) for width in widths[:8]), *((time, features) for time in times[1:4])]


def token_sizes(given: Input, evidence: Evidence, leaves: list[Any]) -> list[tuple[int, ...]]:
    dummies = [shape[1:] for shape in evidence.dummy_shapes if len(shape) == 2 and 1 < shape[1] <= 512]
    return [given.shape, *dummies, *((time,) for time in constants(evidence, TIME_NAMES)[:4])]


def glued(shapes: list[tuple[int, ...]]) -> list[int]:
    """Features that remain of a kernel's rows when the state's width is taken off: `[x, h] @ kernel`."""
    found = []
    for rows, columns in shapes:
        for hidden in (columns // 4, columns):
            if 0 < rows - hidden <= 512:
                found.append(rows - hidden)
    return list(dict.fromkeys(found))


def constants(evidence: Evidence, names: re.Pattern) -> list[int]:
    """Whole numbers that the module keeps under such names."""
    values = [evidence.namespace.get(name) for name in evidence.namespace.assigned if names.fullmatch(name)]
    return list(dict.fromkeys(value for value in values if type(value) is int and value > 1))


def vocabulary(evidence: Evidence, leaves: list[Any]) -> int | None:
    """Rows of the table that the tokens look up, as far as names and shapes tell before the program is traced."""
    named = constants(evidence, VOCABULARY_NAMES)
    return named[0] if named else None


def prod(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def table_rows(jaxpr) -> int | None:
    """Rows of the first matrix that a jaxpr gathers from, None where it gathers from none."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "gather":
            operand, indices = equation.invars[:2]
            if (
                len(operand.aval.shape) == 2
                and jax.numpy.issubdtype(operand.aval.dtype, jax.numpy.floating)
                and len(indices.aval.shape) >= 2
            ):
                return operand.aval.shape[0]
        for inner in inner_jaxprs(equation):
            rows = table_rows(inner)
            if rows:
                return rows
    return None


def inner_jaxprs(equation) -> list:
    found = []
    for value in equation.params.values():
        for item in value if isinstance(value, (tuple, list)) else [value]:
            if hasattr(item, "jaxpr"):
                found.append(item.jaxpr)
            elif hasattr(item, "eqns"):
                found.append(item)
    return found
