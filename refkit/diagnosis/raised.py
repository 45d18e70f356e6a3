"""Where a program raises: its shapes beside the reference's, and the known bugs under which that raises likewise."""

import dataclasses
import re
from collections.abc import Iterator

import jax
import numpy as np

from refkit.diagnosis.shapes_by_line import Given, Recorder, Recording
from refkit.edits.bug import Bug
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.edits.edit import Edit, EditError
from refkit.errors import RefkitError
from refkit.subjects.reference import build
from refkit.subjects.subject import Subject

BATCHES = (7, 11, 13, 17, 19, 23)  # what a program is tried on: primes, so that an axis tells what it is
KINDS = (
    (
        "contraction",
        r"dot_general requires contracting|ScopeParamShapeError|expected to generate shape"
        r"|matmul input operand|contracting dimension|incompatible shapes for dot",
    ),
    ("joining of other ranks", r"different numbers of dimensions"),
    ("joining", r"[Cc]annot concatenate|concatenate arrays|All input arrays must have the same shape"),
    ("convolution", r"conv_general_dilated|lhs feature dimension"),
    ("reshaping", r"[Cc]annot reshape"),
    ("mapping", r"vmap got|vmap was requested"),
    ("broadcast", r"incompatible shapes for broadcasting|got incompatible shapes"),
)
WHOLE_BATCH = (("batches",), ("one", "batches"))
OTHER_SIZE, OTHER_RANK = 0.8, 1.8  # what it costs to lay two shapes beside each other
REPEATED, YOURS_ALONE, REFERENCE_ALONE = 0.2, 2.0, 0.6  # and to leave one alone: a repeated shape is an activation


@dataclasses.dataclass
class Beside:
    """A line's value beside the reference's.

    Args:
        yours: None where the reference has a line more.
        reference: None where it has one less.
    """

    yours: Given | None
    reference: Given | None

    @property
    def agree(self) -> bool:
        return self.yours is not None and self.reference is not None and same(self.yours, self.reference)


@dataclasses.dataclass
class Raising:
    """A call that raises, beside the reference's.

    Args:
        source: the reference's text, whose lines `rows` have.
        rows: up to the line that raises.
        next: what the reference has where yours raises; None at its end.
    """

    recording: Recording
    source: str
    rows: list[Beside]
    next: Given | None


def describe_raising(recording: Recording, subject: Subject, given: dict[str, str]) -> Raising | None:
    """The lines up to the raise beside those of the reference on the same inputs; None where it cannot be run."""
    source = edited_source(subject.name, given)
    theirs = record_reference(subject, source, batch_of(recording))
    if theirs is None:
        return None
    batch = batch_of(recording)
    lines = theirs.given if batch else [without_batch(value) for value in theirs.given]
    rows, rest = beside(recording.given, lines)
    return Raising(recording, source, rows, rest[0] if rest else None)


def name_raising(recording: Recording, subject: Subject, given: dict[str, str]) -> tuple[Bug, Edit] | None:
    """The first known bug under which the reference raises in the same manner."""
    mine = manner(recording)
    for bug, edit in bugs_for(subject.name):
        if bug.rung_of(edit) == "runs" and any(manner(theirs) == mine for theirs in raised_by(edit, subject, given)):
            return bug, edit
    return None


def raised_by(edit: Edit, subject: Subject, given: dict[str, str]) -> Iterator[Recording]:
    """Calls of the edited reference that raise: with all of the edit, and with its first change alone.

    The further changes fit the sizes of the layers to the first; a program that raises has mostly not done that.
    """
    for changes in dict.fromkeys((edit.changes, edit.changes[:1])):
        try:
            plain = edited_source(subject.name, {**edit.options, **given})
            source = dataclasses.replace(edit, changes=changes).apply(plain)
        except (EditError, RefkitError):
            continue
        found = record_reference(subject, source, BATCHES[0], raises=True)
        if found is not None:
            yield found


def record_reference(subject: Subject, source: str, batch: int, raises: bool = False) -> Recording | None:
    """The reference's forward pass by shapes, on the first set of inputs that it takes."""
    try:
        reference = build(subject.name, subject.model, source)
    except Exception:  # noqa: BLE001: an edited reference may raise anything
        return None
    leaves = [jax.ShapeDtypeStruct(shape, np.float32) for shape in reference.shapes]
    for inputs in subject.inputs(reference.config):
        shapes = [jax.ShapeDtypeStruct((batch or BATCHES[0], *record.shape), record.dtype) for record in inputs]
        recorder = Recorder(reference.file, source, lambda seen: raises == (seen.error is not None))
        with jax.enable_x64(False):
            found = recorder.listen(lambda: jax.eval_shape(reference.forward, leaves, *shapes))
        if found is not None:
            return found
    return None


def batch_of(recording: Recording) -> int:
    """How many examples a call got; 0 where it got one without a batch axis."""
    leading = {value.shape[0] for value in recording.entered if value.shape}
    return next((size for size in (*BATCHES, 1) if size in leading), 0)


def without_batch(value: Given) -> Given:
    return dataclasses.replace(value, shape=value.shape[1:])


def same(a: Given, b: Given) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def apart(a: Given, b: Given) -> float:
    if same(a, b):
        return 0.0
    return OTHER_SIZE if len(a.shape) == len(b.shape) else OTHER_RANK


def alone(values: list[Given], k: int, fresh: float) -> float:
    near = values[max(k - 1, 0) : k] + values[k + 1 : k + 2]
    return REPEATED if any(same(other, values[k]) for other in near) else fresh


def beside(yours: list[Given], reference: list[Given]) -> tuple[list[Beside], list[Given]]:
    """The two runs of shapes laid beside each other at the least cost, and what is left of the reference's."""
    n, m = len(yours), len(reference)
    cost = np.zeros((n + 1, m + 1))
    left = [alone(yours, i, YOURS_ALONE) for i in range(n)]
    right = [alone(reference, j, REFERENCE_ALONE) for j in range(m)]
    cost[1:, 0], cost[0, 1:] = np.cumsum(left), np.cumsum(right)
    for i in range(n):
        for j in range(m):
            cost[i + 1, j + 1] = min(
                cost[i, j] + apart(yours[i], reference[j]), cost[i, j + 1] + left[i], cost[i + 1, j] + right[j]
            )
    i, j = n, int(cost[n].argmin())
    rest, rows = reference[j:], []
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + apart(yours[i - 1], reference[j - 1]):
            i, j = i - 1, j - 1
            rows.append(Beside(yours[i], reference[j]))
        elif i and (not j or cost[i, j] == cost[i - 1, j] + left[i - 1]):
            i -= 1
            rows.append(Beside(yours[i], None))
        else:
            j -= 1
            rows.append(Beside(None, reference[j]))
    return rows[::-1], rest


def manner(recording: Recording) -> tuple:
    """How a call raises: by which operation, and on which kinds of shapes, whatever the sizes of the layers are."""
    text = f"{type(recording.error).__name__}: {recording.error}"
    kind = next((kind for kind, pattern in KINDS if re.search(pattern, text)), type(recording.error).__name__)
    batch = batch_of(recording)
    for value in recording.given:
        if symbols(value.shape, batch) in WHOLE_BATCH:
            return "whole batch in one axis", symbols(value.shape, batch)
    named = [sizes_in(shape) for shape in re.findall(r"[(\[](\d[\d, ]*)[)\]]", text)]
    if kind.startswith("joining"):
        return kind, frozenset(symbols(shape, batch) for shape in named)
    if kind == "broadcast" and named:
        return kind, tuple(tuple(axis_in(size, named[0], batch) for size in shape) for shape in named)
    tail = symbols(recording.given[-1].shape, batch) if recording.given else ()
    return kind, tail, kind == "contraction" and batch > 1 and any(batch in shape for shape in named)


def axis_in(size: int, first: tuple[int, ...], batch: int) -> str:
    """What an axis is of two operands, the first of which has the batch and the width of a layer."""
    return "one" if size == 1 else "batch" if size == batch else "width" if first and size == first[-1] else "other"


def sizes_in(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(",") if size.strip())


def symbols(shape: tuple[int, ...], batch: int) -> tuple[str, ...]:
    """Each axis as `batch`, as several examples together (`batches`), or as something else."""
    if batch in shape:
        return tuple("batch" if size == batch else "other" for size in shape)
    found = []
    for size in shape:
        together = batch > 1 and size % batch == 0 and "batches" not in found
        found.append("batches" if together else "one" if size == 1 else "other")
    return tuple(found)
