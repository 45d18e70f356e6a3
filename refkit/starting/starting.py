"""Start simple: from DATA to what is said of it and the text of the starter."""

import dataclasses
import os
from pathlib import Path

from refkit.errors import RefkitError
from refkit.starting import facts, kinds, plan, simplify, synthetic, target, writing
from refkit.starting.kinds import NUMBERS, PICTURE
from refkit.starting.later import flat_pictures, later
from refkit.starting.looking import look
from refkit.starting.plan import Plan
from refkit.starting.source import Source

WIDTH = 11


@dataclasses.dataclass(frozen=True)
class Begun:
    """A starter.

    Args:
        text: of the file.
        report: what is said.
        plan: what was decided.
    """

    text: str
    report: str
    plan: Plan


def begin(
    data: str,
    out: Path,
    *,
    target: str | None = None,
    inputs: str | None = None,
    task: str | None = None,
    reference: str | None = None,
    simplify: str | None = None,
) -> Begun:
    """Look at DATA and write the reference that fits it.

    Args:
        data: an .npz, a CSV, a folder of pictures by class, or a TFDS set.
        out: where the file will lie: it finds the data from there.
        target: the column that is learned.
        inputs: the columns that it is learned from, with commas between.
        task: `classification` or `regression`.
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        simplify: `subset` or `synthetic`.

    Raises:
        RefkitError: there is nothing to start with, or no reference for it.
    """
    source = look(data, SMALL_SIDE if simplify else None)
    made = decide(source, target, inputs, task, reference)
    full, train = made, plan.training_count(source)
    notes = []
    if simplify:
        made, train, notes = simplified(made, train, simplify)
    count = plan.epochs(made, train)
    text = writing.write(made, seen_from(data, out), out.name, count, simplify)
    return Begun(text, report(full, made, notes, count, out, text, simplify), made)


def decide(source: Source, name: str | None, inputs: str | None, task: str | None, reference: str | None) -> Plan:
    goal = target.find(source, name, task)
    if goal.missing and not source.what.endswith("columns"):
        raise RefkitError(
            f"target `{goal.name}` is nan in {goal.missing:,} examples of `{source.name}`: leave those out"
        )
    chosen = tuple(part.strip() for part in (inputs or "").split(",") if part.strip())
    if goal.name in chosen:
        raise RefkitError(f"`{goal.name}` is the target and cannot be an input, too: name one of them otherwise")
    return plan.make(source, goal, kinds.kinds_of(source, goal.name, reference), reference, chosen)


def simplified(made: Plan, train: int, how: str) -> tuple[Plan, int, list[str]]:
    """The plan of the smaller problem, how many examples it trains on, and what is said of it."""
    if how == "synthetic":
        made = synthetic.shortened(made)
        said = f"synthetic: {synthetic.TRAIN:,} and {synthetic.TEST:,} examples of the same shape, which must be solved"
        return made, synthetic.TRAIN, [said]
    left = simplify.examples_left(made, train)
    classes = simplify.kept_classes(made)
    made = smaller(made, classes)
    said = f"about {left:,} training examples"
    if classes:
        said = f"{len(classes)} classes ({facts.named(classes)}), {said}, as many of each"
    if made.of(PICTURE):
        said += f", pictures of {'×'.join(made.options['image'].split('x'))}"
    return made, left, [said]


def smaller(made: Plan, classes: list[str]) -> Plan:
    """With the classes that are kept alone, and pictures whose sides are 32 at most."""
    goal = made.target
    options = dict(made.options)
    if classes:
        goal = dataclasses.replace(goal, outputs=len(classes))
        name = {"mlp": "outputs", "lstm": "output-size"}.get(made.reference, "classes")
        options[name] = str(len(classes))
    if made.of(PICTURE):
        height, width, channels = map(int, options["image"].split("x"))
        every = -(-max(height, width) // SMALL_SIDE)
        options["image"] = f"{-(-height // every)}x{-(-width // every)}x{channels}"
        if min(-(-height // every), -(-width // every)) < plan.SMALLEST:
            options["padding"] = "same"
    return dataclasses.replace(made, target=goal, options=options)


def report(full: Plan, made: Plan, notes: list[str], epochs: int, out: Path, text: str, how: str | None) -> str:
    pairs = facts.lines(full)
    pairs += [("simplified", note) for note in notes]
    pairs.append(("reference", f"{made.spec}: {made.why}"))
    numbers = full.of(NUMBERS)
    hint = flat_pictures(int(full.options["features"])) if full.reference == "mlp" and len(numbers) == 1 else ""
    if hint:
        pairs.append(("note", hint))
    pairs.append(("wrote", f"{out}, {len(text.splitlines())} lines, {epochs} epochs"))
    if how is None:
        pairs.append(("later", f"once this works: {later(made.reference)}"))
    else:
        pairs.append(("later", "once this works: the same command without `--simplify`"))
    lines = [full.source.name, *(f"  {word:{WIDTH}} {said}" for word, said in pairs), f"next: python {out}"]
    return "\n".join(lines)


def seen_from(data: str, out: Path) -> str:
    """The data's path as seen from the file; the name of a TFDS set as it is."""
    if not Path(data).exists():
        return data
    try:
        return Path(os.path.relpath(Path(data).resolve(), out.resolve().parent)).as_posix()
    except ValueError:  # on another drive
        return Path(data).resolve().as_posix()


SMALL_SIDE = simplify.SMALL_SIDE
