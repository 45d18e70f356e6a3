"""Sequences of different lengths, padded to one."""

import dataclasses

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, Replace, Rewrite
from refkit.edits.values import one_of

MASK = "mask = jnp.arange(x.shape[1]) < lengths[:, None]  # bool[batch, 20]"
SHAPE = "  # f32[batch, 128]"
# The line that takes the states, and the same for the real steps alone.
TAKEN = {
    f"x = states[:, -1]{SHAPE}": f"x = states[jnp.arange(x.shape[0]), lengths - 1]{SHAPE}",
    f"x = states.mean(axis=1){SHAPE}": f"{MASK}\nx = (states * mask[..., None]).sum(axis=1) / lengths[:, None]{SHAPE}",
    f"x = states.sum(axis=1){SHAPE}": f"{MASK}\nx = (states * mask[..., None]).sum(axis=1){SHAPE}",
    f"x = states.max(axis=1){SHAPE}": f"{MASK}\nx = jnp.where(mask[..., None], states, -jnp.inf).max(axis=1){SHAPE}",
    f"x = states{SHAPE}": f"x = states{SHAPE}",
}


@dataclasses.dataclass(frozen=True)
class HeedLengths:
    """The model and the loss take the number of real steps and leave the padded ones out."""

    def apply(self, source: str) -> str:
        if "self.backward" in source:
            raise EditError("the backward direction does not know of lengths")
        (taken,) = [line for line in TAKEN if source.count(line) == 1] or [None]
        if taken is None:
            raise EditError("no line takes the LSTM's states as the reference has it")
        source = Replace(taken, TAKEN[taken]).apply(source)
        source = Replace(
            "def __call__(self, x: jax.Array)", "def __call__(self, x: jax.Array, lengths: jax.Array)"
        ).apply(source)
        source = Replace(
            "def loss_fn(model: LSTM, x: jax.Array,", "def loss_fn(model: LSTM, x: jax.Array, lengths: jax.Array,"
        ).apply(source)
        source = Rewrite(r"^(    \w+ = model\(x)\)  # f32", r"\1, lengths)  # f32").apply(source)
        if taken == f"x = states{SHAPE}":
            values = "errors.mean(axis=-1)" if "return errors.mean()" in source else "losses"
            source = Rewrite(
                r"^    return (errors|losses)\.mean\(\)", f"    {MASK}\n    return ({values} * mask).sum() / mask.sum()"
            ).apply(source)
        return source


def lengths_edit(value: str) -> Edit | None:
    if one_of("lengths", value, ("false", "true")) == "false":
        return None
    return Edit("lstm", (HeedLengths(),), where="lengths")


LENGTHS = (
    Choice(
        "lengths",
        "lstm",
        ("false", "true"),
        lengths_edit,
        "the model takes each sequence's number of real steps: the state at the last of them counts",
    ),
)
