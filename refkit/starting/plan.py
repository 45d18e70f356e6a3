"""Which reference fits the data, at which options, and why."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from refkit.errors import RefkitError
from refkit.starting.kinds import CATEGORY, IDS, LENGTHS, NOTHING, NUMBERS, PICTURE, SEQUENCE, TEXT, Kind, inputs_of
from refkit.starting.source import Source
from refkit.starting.target import Target
from refkit.starting.words import longest, split_words

OWN_STEPS = {"mlp": 1_500, "lenet": 2_250, "lstm": 1_900, "multimodal": 6_250}  # training steps on its own data
BATCH = {"mlp": 32, "lenet": 32, "lstm": 32, "multimodal": 16}
SMALLEST = 16  # side of a picture of which LeNet's convolutions, one of them not padded, leave more than one pixel
EMBEDDING = 32


@dataclasses.dataclass(frozen=True)
class Plan:
    """A reference at the data's sizes.

    Args:
        inputs: the columns that it takes, in its order.
        lengths: how sequences say where they end: "" (all are of one length), the name of a column, `nan`, or `ids`.
        steps: of the longest sequence.
        left_out: columns that it does not take, with the reason.
        why: one clause.
    """

    source: Source
    target: Target
    kinds: Mapping[str, Kind]
    reference: str
    options: Mapping[str, str]
    inputs: tuple[str, ...]
    lengths: str
    steps: int
    left_out: Mapping[str, str]
    why: str

    @property
    def spec(self) -> str:
        """`lenet:image=12x16x3,classes=4`."""
        said = ",".join(f"{option}={value}" for option, value in self.options.items())
        return f"{self.reference}:{said}" if said else self.reference

    def kind(self, name: str) -> str:
        return self.kinds[name].what

    def flat(self, name: str) -> bool:
        """Whether a column holds the steps of all sequences one after the other."""
        rows = self.source.train.get(self.lengths)
        return rows is not None and len(self.source.train[name]) != len(rows)

    def of(self, *kinds: str) -> list[str]:
        """The inputs of these kinds."""
        return [name for name in self.inputs if self.kind(name) in kinds]


def make(source: Source, target: Target, kinds: dict[str, Kind], asked: str | None, chosen: tuple[str, ...]) -> Plan:
    """The plan for what the columns are.

    Args:
        asked: the reference that the user names, or None.
        chosen: the inputs that the user names; all that can be learned from where there are none.

    Raises:
        RefkitError: no reference takes such inputs together.
    """
    left_out = {name: kind.why for name, kind in kinds.items() if kind.what == NOTHING} | source.skipped
    for name in chosen:
        if name not in kinds:
            known = ", ".join(f"`{column}`" for column in list(kinds)[:12])
            raise RefkitError(f"`{source.name}` has no input `{name}`; it has {known}")
        if kinds[name].what == NOTHING:
            raise RefkitError(f"`{name}` cannot be an input: {kinds[name].why}")
    names = [name for name in inputs_of(kinds) if not chosen or name in chosen]
    if not names:
        said = "; ".join(f"`{name}`: {why}" for name, why in left_out.items())
        raise RefkitError(f"`{source.name}` has no input beside the target `{target.name}` ({said})")
    names, without = one_of_each(names, kinds, chosen)
    left_out |= without
    reference, why = fitting(names, kinds, source.name)
    if asked not in (None, reference):
        raise RefkitError(
            f"`{asked}` does not take {said_of(names, kinds)}, but `{reference}` does: leave `--reference` out, or name "
            "other inputs by `--inputs`"
        )
    if reference == "multimodal":
        names = sorted(names, key=lambda name: kinds[name].what != PICTURE)
    plan = Plan(source, target, kinds, reference, {}, tuple(names), "", 0, left_out, why)
    require_finite(plan)
    return with_options(plan)


def one_of_each(names: list[str], kinds: dict[str, Kind], chosen: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Without texts beside a table's other columns, unless they are asked for."""
    texts = [name for name in names if kinds[name].what == TEXT]
    table = [name for name in names if kinds[name].what in (NUMBERS, CATEGORY)]
    if texts and table and not chosen:
        kept = [name for name in names if name not in texts]
        return kept, {name: f"it is text: `--inputs {name}` alone makes a starter for it" for name in texts}
    return names, {}


def fitting(names: list[str], kinds: Mapping[str, Kind], data: str) -> tuple[str, str]:
    """The reference for these inputs, and why."""
    what = [kinds[name].what for name in names]
    pictures, words = what.count(PICTURE), what.count(IDS) + what.count(TEXT)
    sequences = words + what.count(SEQUENCE)
    if pictures == 1 and words == 1 and len(what) == 2:
        return "multimodal", "a picture and words: each made one vector, and the two joined"
    if pictures == 1 and len(what) == 1:
        return "lenet", "pictures: convolutions see the same pattern anywhere"
    if sequences == 1 and len(what) == 1:
        return "lstm", "sequences: one recurrent layer, read off at the last step"
    if not pictures and not sequences:
        return "mlp", "neither pictures nor sequences: one hidden layer"
    raise RefkitError(
        f"no reference takes {said_of(names, kinds)} of `{data}` together: name one of them by `--inputs`, or a picture "
        "and words"
    )


def said_of(names: list[str], kinds: Mapping[str, Kind]) -> str:
    """`image` (picture) and `age` (numbers)."""
    said = [f"`{name}` ({kinds[name].what})" for name in names[:4]]
    if len(names) > 4:
        said.append(f"{len(names) - 4} more")
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def require_finite(plan: Plan) -> None:
    for name in plan.inputs:
        values = plan.source.values(name)
        if values.dtype.kind == "f" and np.isinf(values).any():
            raise RefkitError(f"`{name}` of `{plan.source.name}` holds infinities: mend them, or leave them empty")
        if plan.kind(name) == PICTURE and values.dtype.kind == "f" and np.isnan(values).any():
            raise RefkitError(f"`{name}` of `{plan.source.name}` holds pixels that are nan: leave those pictures out")


def with_options(plan: Plan) -> Plan:
    target, source = plan.target, plan.source
    size = str(target.outputs)
    options: dict[str, str] = {}
    lengths, steps = "", 0
    if plan.reference in ("lenet", "multimodal"):
        shape = source.train[plan.inputs[0]].shape[1:]
        options["image"] = "x".join(map(str, (*shape, 1)[:3]))
        if min(shape[:2]) < SMALLEST:
            options["padding"] = "same"
        if min(shape[:2]) < 4:
            raise RefkitError(f"`{plan.inputs[0]}` has pictures of {shape[0]}×{shape[1]}: 4×4 at least is needed")
    if plan.reference == "mlp":
        options |= {"features": str(features(plan)), "outputs": size}
    if plan.reference in ("lstm", "multimodal"):
        name = plan.inputs[-1]
        if plan.kind(name) == SEQUENCE:
            options["features"] = str(step_size(plan, name))
        elif plan.reference == "lstm":
            options["embedding"] = f"{vocabulary(plan, name)}x{EMBEDDING}"
        else:
            options["vocabulary"] = str(vocabulary(plan, name))
        lengths, steps = ends(plan, name)
    if plan.reference == "lstm":
        options["output-size"] = size
        if lengths:
            options["lengths"] = "ids" if lengths == "ids" else "true"
    if plan.reference in ("lenet", "multimodal"):
        options["classes"] = size
    if target.regression != (plan.reference == "lstm"):
        options["loss"] = "mse" if target.regression else "cross-entropy"
    return dataclasses.replace(plan, options=options, lengths=lengths, steps=steps)


def step_size(plan: Plan, name: str) -> int:
    """Numbers of a step."""
    column = lengths_column(plan)
    values = plan.source.train[name]
    flat = column is not None and len(values) != len(plan.source.train[column])
    return values.shape[-1] if values.ndim > (1 if flat else 2) else 1


def lengths_column(plan: Plan) -> str | None:
    return next((name for name, kind in plan.kinds.items() if kind.what == LENGTHS), None)


def features(plan: Plan) -> int:
    """Numbers that an example has once categories are a column for each kind."""
    count = 0
    for name in plan.inputs:
        kind, values = plan.kinds[name], plan.source.train[name]
        count += len(kind.kinds) if kind.what == CATEGORY else values.shape[1] if values.ndim == 2 else 1
    return count


def vocabulary(plan: Plan, name: str) -> int:
    """Ids that words can have: of texts, those of all words, padding and unknown words."""
    values = plan.source.values(name)
    if plan.kind(name) == TEXT:
        return 2 + len({word for text in values for word in split_words(text)})
    return int(values.max()) + 1


def ends(plan: Plan, name: str) -> tuple[str, int]:
    """How the sequences say where they end, and how many steps the longest has."""
    values = plan.source.values(name)
    if plan.kind(name) == TEXT:
        return "ids" if plan.reference == "lstm" else "", longest(values)
    column = lengths_column(plan)
    if column is not None and plan.reference == "lstm":
        lengths = plan.source.values(column)
        steps = values.shape[1] if len(values) == len(lengths) else int(lengths.max())
        if lengths.min() < 1 or lengths.max() > steps:
            raise RefkitError(
                f"`{column}` has lengths of {lengths.min()} to {lengths.max()} for {steps} steps: give 1 to {steps}"
            )
        return column, steps
    steps = values.shape[1]
    if plan.kind(name) == SEQUENCE and values.dtype.kind == "f":
        real = np.isfinite(values).reshape(len(values), steps, -1).any(axis=2)
        if not real[:, -1].all() and is_prefix(real):
            return "nan", steps
    if plan.kind(name) == IDS and plan.reference == "lstm":
        real = values != 0
        if not real[:, -1].all() and is_prefix(real):
            return "ids", steps
    return "", steps


def is_prefix(real: np.ndarray) -> bool:
    """Whether every sequence is real from its first step to some step, and no further: `bool[sequences, steps]`."""
    return bool(real[:, 0].all() and (np.diff(real.astype(int), axis=1) <= 0).all())


def epochs(plan: Plan, examples: int) -> int:
    """Passes that make about as many training steps as the reference's on its own data."""
    steps = -(-examples // BATCH[plan.reference])
    return int(np.clip(round(OWN_STEPS[plan.reference] / steps), 2, 500))


def training_count(source: Source) -> int:
    """Examples that the written file trains on."""
    count = source.count["train" if source.split else "all"]
    return count if source.split else count - count // 5
