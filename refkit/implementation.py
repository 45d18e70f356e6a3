"""What both sides of a comparison are seen as, whatever framework they are written in."""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Input:
    """One argument of a model, as the reference takes it: batch first, channels last, time second.

    Args:
        name: what the reference calls it, such as `x`, `image`, `words`, `lengths`.
        kind: `features`, `image`, `sequence`, `tokens` or `lengths`.
        shape: shape of one example, without the batch: `(30,)`, `(28, 28, 1)`, `(time, features)`, `(time,)`, `()`.
        dtype: `float32` or `int32`.
        high: number of ids (`tokens`: ids are 0 to high - 1), else None.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    high: int | None = None


@dataclasses.dataclass(frozen=True)
class Part:
    """What surrounds a model in its file: a train step, a preprocessing, a metric and so on.

    Args:
        role: `train_step`, `preprocess`, `batches`, `split`, `metric`.
        name: what the file calls it; empty where it has none.
        run: it, called as the role's adapter says; None where it cannot be called.
        line: 1-based line on which it is defined, 0 where it has none.
        lacking: why it cannot be called, as one clause.
        notes: sentences on how it is called.
        raised: what it raises on the very arguments that the program itself hands it; else None.
    """

    role: str
    name: str = ""
    run: Callable[..., Any] | None = None
    line: int = 0
    lacking: str = ""
    notes: tuple[str, ...] = ()
    raised: Exception | None = None


def no_part(role: str) -> Part:
    """The part of a program that is a model alone."""
    return Part(role, lacking=f"no {role.replace('_', ' ')} is known")


@dataclasses.dataclass
class Implementation:
    """A model and what surrounds it, as pure functions.

    A user whose program fits no adapter writes one of these in a few lines and names it as TARGET.

    Args:
        init: `init(key)` gives the parameters, any tree of arrays; traceable by JAX. Adapters return a dict of up to three
            trees: `parameters`, `statistics` (running means and variances) and `constants` (anything else the model keeps).
        apply: `apply(parameters, *inputs, training=False, key=None)` gives the outputs; inputs as `inputs` has them, with
            a leading batch axis. A signature without `training` or `key` is accepted.
        loss: `loss(parameters, inputs, labels, key=None)` gives a scalar; None where the program has none.
        output_loss: `output_loss(outputs, labels)` gives a scalar, where the program's loss takes outputs; else None.
        inputs: the arguments with the user's sizes, in the reference's convention.
        name: `my_lenet.py:LeNet`.
        file: absolute path of the file whose lines findings point at.
        framework: `nnx`, `linen`, `jax`, `implementation`.
        notes: sentences on what the adapter had to do ("the image is handed over as NCHW").
        label_dtype: of the labels that the loss takes: `int32` class ids or `float32` targets; empty where it is not known.
        raised: what its loss raised in every way of calling it, where it has a loss and none worked; else None.
        line: where the model is bound in its file: the place of values whose own line is nowhere in it.
        part: `part("metric")` gives what surrounds the model in its file, found when it is asked for.
        listed: what was noticed of the elements of its lists while it was traced, if anything.
        alternatives: the same model seen in other layouts that run as well (batch and time the other way round), most likely
            first, for values to decide between.
    """

    init: Callable[..., Any]
    apply: Callable[..., Any]
    loss: Callable[..., Any] | None = None
    output_loss: Callable[..., Any] | None = None
    update: Callable[..., Any] | None = None
    inputs: tuple[Input, ...] = ()
    name: str = ""
    file: str = ""
    framework: str = "implementation"
    notes: list[str] = dataclasses.field(default_factory=list)
    label_dtype: str = ""
    raised: Exception | None = None
    line: int | None = None
    part: Callable[[str], Part] = no_part
    listed: Any = None
    alternatives: list["Implementation"] = dataclasses.field(default_factory=list)
