"""The memory that one training step of your program needs, as XLA has it, and where it goes."""

import concurrent.futures
import dataclasses
import math
import os

import jax
import numpy as np

from refkit.diagnosis.yours import Yours
from refkit.tracing.program import Plan, Program
from refkit.tracing.trace import Site

LAID_OUT_ONLY = {"xla_backend_optimization_level": 0}  # the layout is the same, and its code is never run
LIMIT = "REFKIT_DEVICE_MEMORY"  # bytes that the device is taken to have, for tests and for planning


@dataclasses.dataclass(frozen=True)
class Large:
    """A value of your program that is kept for the backward pass.

    Args:
        site: the line that gives it.
        dtype, shape: at the batch size asked for.
        size: bytes, over all steps of the loops around it.
    """

    site: Site
    dtype: str
    shape: tuple[int, ...]
    size: int


class Step:
    """The loss of a batch with its gradient, compiled behind the back of whoever goes on meanwhile.

    Args:
        yours: your program, traced at its probe's batch.
        batch: how many examples a step takes.
        labels: shape and dtype of the labels of one example, the likeliest first.
    """

    def __init__(self, yours: Yours, batch: int, labels: list[tuple[tuple[int, ...], type]]):
        self.yours, self.batch, self.labels = yours, batch, labels
        lowered = self.lower(batch)
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.compiled = self.pool.submit(needed, lowered)
        self.pool.shutdown(wait=False)

    def needs(self) -> int | None:
        """Bytes; None where XLA does not say."""
        return self.compiled.result()

    def fitting(self, limit: int) -> int:
        """The largest batch for which `limit` bytes are enough: between two sizes memory grows in a straight line."""
        fewer = max(1, self.batch // 2)
        most, less = self.needs(), needed(self.lower(fewer))
        an_example = max((most - less) / max(self.batch - fewer, 1), 1.0)
        return max(0, math.floor(self.batch - (most - limit) / an_example))

    def lower(self, batch: int):
        """The step at some batch size, to be compiled: of the loss where it can be had, else of the outputs' sum."""
        if self.yours.implementation.loss is not None or self.yours.implementation.output_loss is not None:
            for shape, dtype in self.labels:
                try:
                    return lowered(self.yours, batch, jax.ShapeDtypeStruct((batch, *shape), dtype))
                except Exception:  # noqa: BLE001: your loss may raise anything on labels that it is not for
                    continue
        return lowered(self.yours, batch, None)


def lowered(yours: Yours, batch: int, labels: jax.ShapeDtypeStruct | None):
    implementation, kinds = yours.implementation, yours.kinds
    parameters = [k for k, kind in enumerate(kinds) if kind == "parameters"]

    def loss(given, rest, inputs, labels):
        leaves = list(rest)
        for k, value in zip(parameters, given, strict=True):
            leaves[k] = value
        tree = jax.tree.unflatten(yours.tree, leaves)
        if labels is None:
            return implementation.apply(tree, *inputs).sum()
        if implementation.loss is not None:
            return implementation.loss(tree, inputs, labels)
        return implementation.output_loss(implementation.apply(tree, *inputs), labels)

    inputs = tuple(
        jax.ShapeDtypeStruct((batch, *value.shape[1:]), record.dtype)
        for record, value in zip(yours.inputs, yours.input_values, strict=True)
    )
    shapes = [yours.shapes[k] for k in parameters]
    rest = [None if k in parameters else shape for k, shape in enumerate(yours.shapes)]
    with jax.enable_x64(False):
        return jax.jit(jax.value_and_grad(loss)).lower(shapes, rest, inputs, labels)


def needed(step) -> int | None:
    """Bytes of arguments, results and everything between, as XLA lays them out."""
    found = step.compile(compiler_options=LAID_OUT_ONLY).memory_analysis()
    if found is None:
        return None
    return (
        found.argument_size_in_bytes + found.output_size_in_bytes + found.temp_size_in_bytes - found.alias_size_in_bytes
    )


def device_memory() -> int | None:
    """Bytes that the device has: an accelerator says so itself, on a CPU it is the machine's memory."""
    if LIMIT in os.environ:
        return int(float(os.environ[LIMIT]))
    stated = (jax.devices()[0].memory_stats() or {}).get("bytes_limit")
    if stated:
        return int(stated)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def largest_values(program: Program, probed: int, batch: int, most: int = 3) -> list[Large]:
    """The largest values by line, the largest first.

    Args:
        program: traced at `probed` examples.
        batch: the number of examples to say it for.
    """
    found: dict[tuple[str, int], Large] = {}
    for value in values_of(program.plan, 1, probed, batch):
        place = (value.site.file, value.site.line)
        if place not in found or value.size > found[place].size:
            found[place] = value
    return sorted(found.values(), key=lambda value: -value.size)[:most]


def values_of(plan: Plan, times: int, probed: int, batch: int):
    for instruction in plan.instructions:
        if instruction.plans:
            length = instruction.params["length"] if instruction.op == "scan" else 1
            for inner in instruction.plans:
                yield from values_of(inner, times * length, probed, batch)
        elif instruction.site is not None:
            for aval in instruction.avals:
                if hasattr(aval, "shape") and jax.dtypes.issubdtype(aval.dtype, np.number):
                    shape = tuple(batch if size == probed else size for size in aval.shape)
                    size = math.prod(shape) * aval.dtype.itemsize * times
                    yield Large(instruction.site, aval.dtype.name, shape, size)
