"""`benchmark.py overfit`: curves of the references and of known bugs on one held batch, the limits between their kinds, and how well these do."""

import ast
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from refkit.diagnosis.held.curves import FILE, KINDS, RIGHT, Features, Limits, Signature, features, kind_of
from refkit.diagnosis.held.floors import Floor, floor_at, floors, unlearned
from refkit.diagnosis.held.training import train
from refkit.edits.bug import Bug
from refkit.edits.catalogue import bugs_for, edited_source
from refkit.edits.edit import EditError
from refkit.edits.training import TRANSFORMATION
from refkit.errors import RefkitError
from refkit.subjects import BY_NAME, SUBJECTS
from refkit.subjects.training import ReferenceTraining

DERIVED, HELD_OUT = (0, 1), (2, 3)  # seeds
SECONDS = 2.5  # a run
DOWN = 1e-3  # of the first loss: enough
SHORT = 100  # steps of a run for a signature
FAST = "optax.adam(1e-3)"
NOT_TRAINED = frozenset(
    "batches split load_data main accuracy share_wrong digits breast_cancer adding_problem shapes_and_questions".split()
)
PENALTY = "penalty"
MOST = 0.8  # of right runs come to almost nothing in their few seconds
WITH_A_FLOOR = ("smoothing 0.1",)
SHUFFLED = "labels shuffled at every step"
ABOUT = 0.15


@dataclasses.dataclass(frozen=True)
class Sort:
    """A sort of training whose kind of curve is known by how it is made.

    Args:
        name: `dropout 0.5`.
        kind: the curve that it must give; empty for a right program that is slow, and may look like a plateau.
        options: of the reference.
        optimizer: in the place of the reference's own.
        bug: planted.
        labels_shuffled: whether every step shuffles its labels.
    """

    name: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    optimizer: str = TRANSFORMATION
    bug: str = ""
    labels_shuffled: bool = False

    def source(self, reference: str) -> str | None:
        """The text; None where that cannot be had of this reference."""
        try:
            text = edited_source(reference, dict(self.options))
        except (EditError, RefkitError):
            return None
        if self.bug:
            text = next((source for bug, source, _ in trained(reference) if bug.id == self.bug), "")
        return text.replace(TRANSFORMATION, self.optimizer) or None


MOMENTUM, STEADY = "optax.sgd(0.05, momentum=0.9)", "optax.adamw(1e-3, weight_decay=1e-2)"
SORTS = (
    Sort("as it is", "falls"),
    Sort("Adam 1e-3", "falls", optimizer=FAST),
    Sort("decoupled decay", "falls", optimizer=STEADY),
    Sort("dropout 0.5", "falls", (("dropout", "0.5"),), FAST),
    Sort("batch norm", "falls", (("batchnorm", "before"),), FAST),
    Sort("penalty 1e-4", "falls", ((PENALTY, "half-l2-1e-4"),), FAST),
    Sort("smoothing 0.1", "", (("smoothing", "0.1"),), FAST),
    Sort("Adam 1e-4", "", optimizer="optax.adam(1e-4)"),
    Sort("SGD with momentum", "", optimizer=MOMENTUM),
    Sort("SGD 0.01", "", optimizer="optax.sgd(0.01)"),
    Sort("warm-up", "", optimizer="optax.adam(optax.linear_schedule(0.0, 1e-3, 200))"),
    Sort("sign of the update", "goes-up", bug="gradient-ascent"),
    Sort("sign of the update, SGD 0.01", "goes-up", optimizer="optax.sgd(-0.01)"),
    Sort("sign of the loss", "goes-up", bug="loss-sign-flipped"),
    Sort("rate of 100", "explodes", optimizer="optax.sgd(100.0)"),
    Sort("rate of 1 with Adam", "explodes", optimizer="optax.adam(1.0)"),
    Sort(SHUFFLED, "oscillates", optimizer=FAST, labels_shuffled=True),
    Sort("rate too low", "plateaus", bug="learning-rate-too-low"),
    Sort("not updated", "plateaus", bug="parameters-not-updated"),
    Sort("softmax twice", "plateaus", optimizer=FAST, bug="softmax-before-loss"),
    Sort("softmax over the batch", "plateaus", optimizer=FAST, bug="softmax-over-batch"),
    Sort("targets broadcast", "plateaus", optimizer=FAST, bug="targets-broadcast"),
    Sort("constant start", "plateaus", optimizer=FAST, bug="initialised-to-constant"),
    Sort("epsilon of Adam", "plateaus", bug="adam-epsilon"),
)


@dataclasses.dataclass
class Row:
    """One run."""

    reference: str
    sort: str
    kind: str
    seed: int
    seen: Features
    first_move: float
    steps: int


def runs(seeds: tuple[int, ...], references: tuple[str, ...], kept: Path | None, anew: bool) -> Iterator[Row]:
    """Every sort on every reference; runs kept in a file are not run again.

    Args:
        anew: whether those that are not in the file are run.
    """
    done = {}
    if kept is not None and kept.exists():
        rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        done = {(r["reference"], r["sort"], r["seed"]): r for r in rows if "sort" in r}
    for reference in references:
        for sort in SORTS:
            source = sort.source(reference)
            for seed in seeds if source is not None else ():
                known = done.get((reference, sort.name, seed))
                if known is not None:
                    yield Row(**{**known, "kind": sort.kind, "seen": Features(**known["seen"])})
                    continue
                row = run(reference, sort, source, seed) if anew else None
                if row is None:
                    continue
                print(
                    f"{reference} {sort.name} {seed}: {row.seen.first:.4g} to {row.seen.last:.4g}",
                    file=sys.stderr,
                    flush=True,
                )
                keep(kept, dataclasses.asdict(row))
                yield row


def keep(kept: Path | None, row: dict[str, Any]) -> None:
    if kept is not None:
        with kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def run(reference: str, sort: Sort, source: str, seed: int) -> Row | None:
    try:
        training = ReferenceTraining(reference, BY_NAME[reference].model, source, seed, sort.labels_shuffled)
        curve = train(training, seconds=SECONDS, enough=ended)
    except Exception as error:  # noqa: BLE001: an edited reference may raise anything
        print(f"{reference} {sort.name}: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
        return None
    return Row(
        reference,
        sort.name,
        sort.kind,
        seed,
        features(curve.losses, unlearned(floors_of(training))),
        curve.first_move,
        len(curve.losses),
    )


def floors_of(training: ReferenceTraining) -> list[Floor]:
    of_classes = training.labels.dtype.kind == "i"
    outputs = getattr(training.reference.config, BY_NAME[training.reference.name].output_field)
    return floors(training.labels, max(outputs, 2) if of_classes else None)


def ended(losses: np.ndarray) -> bool:
    """Whether more steps would show nothing more."""
    return bool(losses[-1] <= DOWN * losses[0] or (len(losses) >= SHORT and np.ptp(losses) == 0))


def between(low: list[float], high: list[float]) -> float:
    """The limit with the fewest values on the wrong side of it; in the middle, by ratio, of the widest such gap."""
    values = sorted({max(value, 1e-9) for value in [*low, *high] if math.isfinite(value)})
    best, limit = None, values[0]
    for below, above in zip(values, values[1:], strict=False):
        middle = math.sqrt(below * above)
        wrong = sum(v > middle for v in low) / max(len(low), 1) + sum(v <= middle for v in high) / max(len(high), 1)
        rank = (wrong, -above / below)
        if best is None or rank < best:
            best, limit = rank, middle
    return float(f"{limit:.3g}")


def derive(rows: list[Row]) -> Limits:
    """The limits between the kinds, from runs whose kind is known."""
    of: Callable[..., list[Features]] = lambda *kinds: [
        row.seen for row in rows if row.kind in kinds and row.seen.broken is None
    ]
    right = [row for row in rows if row.kind in ("falls", "") and row.sort not in WITH_A_FLOOR]
    fallen = float(f"{np.quantile([seen.left for seen in of('falls')], MOST):.2g}")
    stay = [seen for seen in of("plateaus", "oscillates") if seen.left > 0]
    floored = [row.seen.left for row in rows if row.sort in WITH_A_FLOOR]
    still = [row.seen.slope for row in right if row.seen.left > fallen]
    return Limits(
        fallen=fallen,
        stuck=between(floored, [seen.left for seen in stay]),
        leap=between(
            [seen.leap for seen in of("goes-up", "plateaus", "falls", "")], [seen.leap for seen in of("explodes")]
        ),
        slope=between([seen.slope for seen in of("plateaus")], still),
        swings=between([seen.swings for seen in of("plateaus", "goes-up")], [seen.swings for seen in of("oscillates")]),
    )


def slowest(rows: list[Row]) -> float:
    """Steps at its first step's pace by which the slowest right program is as far as its parameters are long, times ten."""
    return float(
        f"{10 * max(1 / row.first_move for row in rows if row.kind in ('', *RIGHT) and row.first_move > 0):.2g}"
    )


def confusion(rows: list[Row], limits: Limits) -> str:
    """Which kind was given to curves of which: a table in Markdown."""
    names = {"": "right, but slow or with a floor", "falls": "right"}
    lines = ["| made as | runs | " + " | ".join(KINDS) + " |", "| --- |" + " --- |" * (len(KINDS) + 1)]
    for kind in ("falls", "", *(kind for kind in KINDS if kind not in RIGHT)):
        given = [kind_of(row.seen, limits) for row in rows if row.kind == kind]
        counts = " | ".join(str(given.count(other) or "") for other in KINDS)
        lines.append(f"| {names.get(kind, kind)} | {len(given)} | {counts} |")
    return "\n".join(lines)


def signatures(references: tuple[str, ...], limits: Limits, kept: Path | None, anew: bool) -> list[Signature]:
    """How each known bug trains, run on its reference: one edit of each that changes what is trained."""
    done = {}
    if kept is not None and kept.exists():
        rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
        done = {(r["reference"], r["id"]): r for r in rows if "id" in r}
    found = []
    for reference in references:
        for bug, source, optimizer_bug in trained(reference):
            row = done.get((reference, bug.id))
            if row is None and not anew:
                continue
            if row is None:
                row = signature_run(reference, bug, source if optimizer_bug else source.replace(TRANSFORMATION, FAST))
                keep(kept, row)
                print(f"{reference} {bug.id}: {row.get('error') or row['seen']}", file=sys.stderr, flush=True)
            if "error" not in row:
                seen = Features(**row["seen"])
                share = float(f"{seen.share:.3g}") if math.isfinite(seen.share) else None
                found.append(Signature(reference, bug.id, kind_of(seen, limits), share, row["floor"]))
    return found


def shuffled_labels(rows: list[Row], limits: Limits) -> list[Signature]:
    """The same for labels that are shuffled apart from their inputs at every step, which no edit of a held batch shows."""
    chosen = [row for row in rows if row.sort == SHUFFLED and row.seed == DERIVED[0]]
    floor = {name: "variance" if subject.regression else "labels" for name, subject in BY_NAME.items()}
    return [
        Signature(
            row.reference,
            "labels-shuffled",
            kind_of(row.seen, limits),
            float(f"{row.seen.share:.3g}"),
            floor[row.reference] if abs(row.seen.left - 1) < ABOUT else "",
        )
        for row in chosen
    ]


def trained(reference: str) -> Iterator[tuple[Bug, str, bool]]:
    """Each bug once, with the reference's text that has it, and whether it is one of the optimizer."""
    seen: set[str] = set()
    pairs = sorted(bugs_for(reference), key=lambda pair: len(pair[1].options))
    for bug, edit in pairs:
        if bug.id in seen or bug.rung == "metric" or {"lengths", "embedding", "outputs", "image"} & set(edit.options):
            continue
        try:
            plain, wrong = edited_source(reference, edit.options), edited_source(reference, edit.options, [edit])
        except (EditError, RefkitError):
            continue
        if what_is_trained(plain) != what_is_trained(wrong):
            seen.add(bug.id)
            yield bug, wrong, TRANSFORMATION not in wrong


def what_is_trained(source: str) -> list[str]:
    """The definitions that matter for a batch that is held."""
    body = ast.parse(source).body
    return [
        ast.dump(node)
        for node in body
        if getattr(node, "name", "") not in NOT_TRAINED and not isinstance(node, ast.Expr)
    ]


def signature_run(reference: str, bug: Bug, source: str) -> dict[str, Any]:
    row: dict[str, Any] = {"reference": reference, "id": bug.id}
    try:
        training = ReferenceTraining(reference, BY_NAME[reference].model, source, DERIVED[0])
        curve = train(training, SHORT, SECONDS, ended)
    except Exception as error:  # noqa: BLE001: an edited reference may raise anything
        return row | {"error": f"{type(error).__name__}: {error}"[:200]}
    known = floors_of(training)
    seen = features(curve.losses, unlearned(known))
    floor = floor_at(seen.last, known)
    return row | {"seen": dataclasses.asdict(seen), "floor": floor.name if floor else ""}


def measure(references: tuple[str, ...] | None, seeds: int, kept: Path | None, anew: bool, write: bool) -> str:
    """Derive the limits on some seeds, judge them on others, and keep them where the rung reads them."""
    wanted = references or tuple(subject.name for subject in SUBJECTS)
    limits = derive(derived := list(runs(DERIVED[:seeds], wanted, kept, anew)))
    held = list(runs(HELD_OUT[:seeds], wanted, kept, anew))
    known = [*signatures(wanted, limits, kept, anew), *shuffled_labels(derived, limits)]
    if write:
        rows = ",\n  ".join(json.dumps(dataclasses.astuple(row)) for row in known)
        text = f'{{"limits": {json.dumps(dataclasses.asdict(limits))},\n "slowest": {slowest(derived)},\n "signatures": [\n  {rows}\n ]}}\n'
        FILE.write_text(text, encoding="utf-8")
    counts = {kind: sum(row.kind == kind for row in known) for kind in KINDS}
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return "\n\n".join(
        [
            "limits: " + ", ".join(f"{name} {value:g}" for name, value in dataclasses.asdict(limits).items()),
            f"{len(held)} runs with other seeds than the {len(derived)} that the limits come from:",
            confusion(held, limits),
            f"{len(known)} known bugs on their references: {listed}",
        ]
    )
