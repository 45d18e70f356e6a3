"""From a loaded file and the model found in it to an `Implementation`."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters import search
from refkit.adapters.evidence import Evidence
from refkit.adapters.losses import Loss, find_loss
from refkit.adapters.makers import MAKERS, objects
from refkit.adapters.names import Names
from refkit.adapters.parts import parts_of
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.raised import furthest, model_raised, user_lines
from refkit.adapters.sizes import table_rows
from refkit.errors import RefkitError
from refkit.implementation import Implementation, Input, no_part

OTHER_INPUTS = (
    Input("x", "image", (28, 28, 1)),
    Input("x", "features", (30,)),
    Input("x", "sequence", (20, 2)),
    Input("x", "tokens", (20,), "int32"),
)


def adapt(
    loaded: Any,
    found: Any,
    inputs: tuple[Input, ...],
    outputs: int,
    sizes: dict[str, Any],
    kwargs: dict[str, Any] | None = None,
    *,
    label_dtype: str = "int32",
    loss: Any = None,
    train_step: Any = None,
    find_part: Callable[[str], Any] = lambda role: None,
) -> Implementation:
    """See the user's model as pure functions over batches in the reference's convention.

    Args:
        loaded: the file: `module`, `file`, `tree`, `source`, `name`, and `elements` where they are known.
        found: the model in it: `name`, `kind`, `objects`, `line`.
        inputs: the reference's, at its sizes.
        outputs: how many the reference has for each example.
        sizes: fields of the reference's configuration, from which constructor arguments are filled in by name.
        kwargs: constructor arguments that the user gave.
        label_dtype: `int32` for classes, `float32` for targets.
        loss: the user's loss, an object or a name, where it is known.
        train_step: the user's train step, likewise.
        find_part: the file's object of a role, such as `preprocess`.

    Raises:
        RefkitError: nothing could be built or called, and what to do.
        ModelRaised: the user's own program raised on valid input.
    """
    if found.kind == "implementation":
        return pass_through(loaded, found, inputs)
    with jax.enable_x64(False):
        return adapt_model(loaded, found, inputs, outputs, sizes, kwargs, label_dtype, loss, train_step, find_part)


def pass_through(loaded: Any, found: Any, inputs: tuple[Input, ...]) -> Implementation:
    """The user's own `Implementation`, its blanks filled in."""
    given = objects(found)[0]
    return dataclasses.replace(
        given,
        name=given.name or f"{loaded.shown}:{found.name}",
        file=given.file or loaded.file,
        inputs=given.inputs or inputs,
    )


def adapt_model(
    loaded, found, inputs, outputs, sizes, kwargs, label_dtype, loss, train_step, find_part
) -> Implementation:
    evidence = Evidence(loaded.source, loaded.tree, Names(loaded.module, loaded.tree), found.name or "")
    makers, guessed = MAKERS[found.kind](found, evidence, {"time": time_of(inputs)} | sizes, kwargs)
    call, failures = search.find_call(makers, inputs, outputs, evidence, guessed)
    if call is None:
        raise why_not(failures, loaded, found, makers, inputs, evidence)
    find_the_loss = functools.partial(
        find_loss, evidence=evidence, file=loaded.file, loss=loss, train_step=train_step, label_dtype=label_dtype
    )
    seen = find_the_loss(call)
    if call.layout.time_first and seen.raised(loaded.file) is not None:
        call, seen = agreeing(call, seen, search.turned(call, outputs, evidence, guessed), find_the_loss)
    others = search.other_time_axis(call, outputs, evidence, guessed)
    alternatives = [
        implementation(other, loaded, found, evidence, find_part, find_the_loss(other), []) for other in others
    ]
    return implementation(call, loaded, found, evidence, find_part, seen, alternatives)


def agreeing(call: search.Call, seen: Loss, others: list[search.Call], find) -> tuple[search.Call, Loss]:
    """The call under which the program's own loss runs: it takes its batch as the model is meant to."""
    for other in others:
        theirs = find(other)
        if theirs.over_model is not None or theirs.over_outputs is not None:
            return other, theirs
    return call, seen


def why_not(failures, loaded, found, makers, inputs, evidence) -> Exception:
    """What to say of a model that no way to call fits."""
    best = furthest(failures, loaded.file)
    kinds = {given.kind for given in inputs}
    if best.stage != "constructor":
        for other in OTHER_INPUTS:
            if other.kind not in kinds and len(inputs) == 1:
                call, _ = search.find_call(makers[:1], (other,), 1, evidence, False)
                if call is not None and call.cost < search.UNUSABLE:
                    takes, given = call.layout.inputs[0], inputs[0]
                    return RefkitError(
                        f"`{found.name}` of `{loaded.shown}` takes {takes.kind} {shape_of(takes)}, and not the "
                        f"reference's {given.kind} {shape_of(given)}: name another reference"
                    )
    if not user_lines(best.error, loaded.file):
        tried = ", ".join(dict.fromkeys(failure.layout for failure in failures if failure.layout)) or "its constructor"
        return RefkitError(
            f"`{found.name}` of `{loaded.shown}` could not be called ({type(best.error).__name__}: "
            f"{first_line(best.error)}): tried {tried}; give constructor arguments with `--kwargs`, or write a "
            "`refkit.Implementation` around it and name that"
        )
    return model_raised(failures, loaded.file, found.line)


def shape_of(given: Input) -> str:
    return f"`{'i32' if given.dtype == 'int32' else 'f32'}[{','.join(map(str, ('batch', *given.shape)))}]`"


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")


def implementation(
    call: search.Call,
    loaded: Any,
    found: Any,
    evidence: Evidence,
    find: Any,
    loss: Loss,
    alternatives: list[Implementation],
) -> Implementation:
    notes = call.layout.notes() + ([call.output.note] if call.output.note else []) + loss.notes

    def init(key: jax.Array) -> dict[str, Any]:
        return call.init(key)

    def apply(
        tree: dict[str, Any], *inputs: jax.Array, training: bool = False, key: jax.Array | None = None
    ) -> jax.Array:
        return call.outputs(tree, inputs, training, key)

    elements = getattr(loaded, "elements", None)
    if elements is not None and hasattr(call.model, "copied"):
        call.model.copied = elements.copied
    return Implementation(
        init=init,
        apply=apply,
        loss=loss.over_model,
        output_loss=loss.over_outputs,
        raised=loss.raised(loaded.file),
        label_dtype=loss.label_dtype,
        inputs=with_table(call),
        name=f"{loaded.shown}:{found.name}",
        file=loaded.file,
        framework=call.model.framework,
        notes=notes,
        part=parts_of(Surroundings(loaded, call, evidence, find, loss.label_dtype)) if kept_apart(loaded) else no_part,
        alternatives=alternatives,
    )


def kept_apart(loaded: Any) -> bool:
    """Whether the file's functions run apart from this process, so that its training may be tried."""
    return hasattr(loaded, "program")


def with_table(call: search.Call) -> tuple[Input, ...]:
    """The inputs, with the number of ids read off the table that tokens look up."""
    inputs = call.layout.inputs
    if all(given.kind != "tokens" for given in inputs):
        return inputs
    traced = jax.make_jaxpr(lambda tree, *values: call.outputs(tree, values))(
        call.tree, *search.abstract(inputs, call.batch)
    )
    rows = table_rows(traced.jaxpr)
    return tuple(
        dataclasses.replace(given, high=rows or given.high) if given.kind == "tokens" else given for given in inputs
    )


def time_of(inputs: tuple[Input, ...]) -> int | None:
    return next((given.shape[0] for given in inputs if given.kind in ("sequence", "tokens")), None)
