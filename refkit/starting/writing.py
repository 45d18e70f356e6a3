"""The written file: the reference's own text at the plan's options, with the plan's loading and normalisation."""

import json
import re
from collections.abc import Callable

import jax
import numpy as np

from refkit.edits.catalogue import edited_source
from refkit.edits.edit import Change, Insert, Remove, Rewrite, SetField
from refkit.errors import RefkitError
from refkit.starting import reading_text, synthetic, training_text
from refkit.starting.definitions import Define, Describe, span, text_of
from refkit.starting.kinds import SEQUENCE, TEXT
from refkit.starting.plan import Plan
from refkit.starting.shape_comments import BATCH, restate
from refkit.starting.text import array_words
from refkit.starting.training_text import MODELS

MOST_LINES = 200
MADE_BY = {"mlp": "breast_cancer", "lenet": "digits", "lstm": "adding_problem", "multimodal": "shapes_and_questions"}
SHAPES = {
    "mlp": "`f32[batch, {features}]` to `f32[batch, {outputs}]`.",
    "lenet": "`f32[batch, {image}]` in [0, 1] to `f32[batch, {outputs}]`.",
    "lstm": "{sequences} to `f32[batch, {outputs}]`.",
    "multimodal": "Image `f32[batch, {image}]` in [0, 1] and words `i32[batch, time]` to `f32[batch, {outputs}]`.",
}


def write(plan: Plan, data: str, out: str, epochs: int, simplify: str | None) -> str:
    """The text of the starter.

    Args:
        data: where the data lies, as seen from the written file; the name of a TFDS set as it is.
        out: name of the written file.
        epochs: passes by default.
        simplify: `subset`, `synthetic`, or None.

    Raises:
        RefkitError: it would be too long to be read.
    """
    source = edited_source(plan.reference, dict(plan.options))
    for change in changes(plan, data, out, epochs, simplify):
        source = change.apply(source)
    source = restate(source, MODELS[plan.reference], *shapes(plan))
    count = len(source.splitlines())
    if count >= MOST_LINES:
        raise RefkitError(
            f"the starter would have {count} lines, and {MOST_LINES - 1} is the most: name fewer `--inputs`"
        )
    return source


def changes(plan: Plan, data: str, out: str, epochs: int, simplify: str | None) -> list[Change | Callable]:
    made = simplify == "synthetic"
    name = plan.reference
    steps: list = [
        SetField("epochs", str(epochs)),
        Docstring(plan, out, made),
        Describe(MODELS[name], said_shapes(plan)),
    ]
    if name in ("lenet", "multimodal"):
        steps.append(Describe("flat_features", "Features left once every convolution and pooling has run."))
    if name == "lstm":
        steps.append(Remove("    steps: int = 20"))
    if name == "multimodal":
        steps += [
            Rewrite(r"^(?:SHAPES|WORDS|ANSWERS) = .*\n", "", each=True),
            SetField("vocabulary", plan.options["vocabulary"]),
            SetField("classes", plan.options["classes"]),
        ]
    steps.append(Renamed(plan))
    normalisation = training_text.preprocess(plan, made)
    if normalisation:
        steps.append(Define("preprocess", normalisation))
    if name == "lstm":
        steps.append(Define("share_wrong"))
    if name == "lstm" or plan.target.regression:
        steps.append(Define("accuracy", training_text.metric(plan)))
    if plan.lengths not in ("", "ids"):
        steps.append(Define("batches", training_text.filled(training_text.BATCHES, plan)))
        steps.append(Define("train_step", training_text.filled(training_text.STEP, plan)))
    load = synthetic.definitions(plan) if made else reading_text.load_data(plan, simplify)
    if name in reading_text.OWN_SPLIT and (made or simplify or plan.source.split):
        steps.append(Define("split"))
    if name != "multimodal":
        steps.append(Define("load_data"))
    steps += [Define(MADE_BY[name]), Define("main", load, before=True), Training(plan, made)]
    if not made:
        steps += [Constant(data), *map(imported, plan.source.needs)]
    if plan.of(TEXT) and not made:
        steps.append(Insert("import dataclasses", "import re"))
    return steps


def imported(line: str) -> Insert:
    """An import in its place."""
    if "pathlib" in line:
        return Insert("from collections.abc import", line)
    return Insert("from flax import nnx", line, before=line.startswith("import"))


class Docstring:
    """What the file is, at its top."""

    def __init__(self, plan: Plan, out: str, made: bool):
        self.plan, self.out, self.made = plan, out, made

    def apply(self, source: str) -> str:
        plan = self.plan
        _, opening, rest = source.partition('"""')
        said, closing, after = rest.partition('"""')
        lines = [line for line in said.splitlines() if not line.startswith(("Task:", "Run:", "Known result:"))]
        what = f"{plan.target.outputs} classes" if plan.target.classes else "numbers"
        task = f"`{plan.target.name}` of {plan.source.name.rpartition('/')[2]}, {what}"
        lines += [
            f"Task: {task}{', on a synthetic set of its shape' if self.made else ''}.",
            f"Run: python {self.out}",
            f"Reference: refkit's {plan.spec}",
        ]
        text = "\n".join(line for line in lines)
        return opening + text.replace("\\", "/").replace('"""', "'''") + "\n" + closing + after


class Renamed:
    """Targets are called `labels` where they are classes, and `targets` where they are numbers."""

    def __init__(self, plan: Plan):
        self.plan = plan

    def apply(self, source: str) -> str:
        wanted = array_words(self.plan)[-1]
        return re.sub(r"\b(labels|targets)\b", wanted, source)


class Training:
    """The training loop, with the normalisation that the source has by now."""

    def __init__(self, plan: Plan, made: bool):
        self.plan, self.made = plan, made

    def apply(self, source: str) -> str:
        start, _ = span(source, "main")
        text = training_text.main(self.plan, text_of(source, "preprocess"), self.made)
        return source[:start] + text


class Constant:
    """`DATA`, before the first definition."""

    def __init__(self, data: str):
        self.data = data

    def apply(self, source: str) -> str:
        start, _ = span(source, "Config")
        line = f"DATA = {json.dumps(self.data, ensure_ascii=False)}"
        return f"{source[:start].rstrip()}\n\n{line}\n\n\n{source[start:]}"


def said_shapes(plan: Plan) -> str:
    options = plan.options
    features = options.get("features")
    sequences = f"`f32[batch, time, {features}]`" if features else "`i32[batch, time]`"
    if plan.lengths not in ("", "ids"):
        sequences += " and lengths `i32[batch]`"
    image = ", ".join(options.get("image", "").split("x"))
    return SHAPES[plan.reference].format(
        features=features, outputs=plan.target.outputs, image=image, sequences=sequences
    )


def shapes(plan: Plan) -> tuple[list[jax.ShapeDtypeStruct], jax.ShapeDtypeStruct]:
    """Inputs and targets of a batch."""
    of = lambda shape, dtype: jax.ShapeDtypeStruct((BATCH, *shape), dtype)
    inputs = []
    if plan.reference == "mlp":
        inputs = [of((int(plan.options["features"]),), np.float32)]
    if "image" in plan.options:
        inputs.append(of(tuple(map(int, plan.options["image"].split("x"))), np.float32))
    if plan.steps:
        numbers = plan.of(SEQUENCE)
        inputs.append(
            of((plan.steps, int(plan.options["features"])), np.float32) if numbers else of((plan.steps,), np.int32)
        )
    if plan.lengths not in ("", "ids"):
        inputs.append(of((), np.int32))
    target = of((plan.target.outputs,), np.float32) if plan.target.regression else of((), np.int32)
    return inputs, target
