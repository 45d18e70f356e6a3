"""Sequences of different lengths, padded to one."""

import dataclasses

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, Insert, Replace, Rewrite
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


CALLED = "def __call__(self, x: jax.Array)"
LOSS = "def loss_fn(model: LSTM, x: jax.Array,"
EMBEDDED, COUNTED = "x = self.embedding(x)", "lengths = (x != 0).sum(axis=1)  # i32[batch]"


@dataclasses.dataclass(frozen=True)
class HeedLengths:
    """The model and the loss know the number of real steps and leave the padded ones out.

    Args:
        given: whether both take `lengths`; else they count the ids that are not 0.
    """

    given: bool

    def apply(self, source: str) -> str:
        if "self.backward" in source:
            source = turn_real_steps(source)
        (taken,) = [line for line in TAKEN if source.count(line) == 1] or [None]
        if taken is None:
            raise EditError("no line takes the LSTM's states as the reference has it")
        source = Replace(taken, TAKEN[taken]).apply(source)
        if taken == f"x = states{SHAPE}":
            values = "errors.mean(axis=-1)" if "return errors.mean()" in source else "losses"
            mean = f"    {MASK}\n    return ({values} * mask).sum() / mask.sum()"
            source = Rewrite(r"^    return (errors|losses)\.mean\(\)", mean).apply(source)
        if not self.given:
            source = Insert(EMBEDDED, COUNTED, before=True).apply(source)
            needed = f"    {MASK}\n    return"
            return source.replace(needed, f"    {COUNTED}\n{needed}")
        source = Replace(CALLED, CALLED.replace(")", ", lengths: jax.Array)")).apply(source)
        source = Replace(LOSS, f"{LOSS} lengths: jax.Array,").apply(source)
        return Rewrite(r"^(    \w+ = model\(x)\)  # f32", r"\1, lengths)  # f32").apply(source)


def turn_real_steps(source: str) -> str:
    """The backward direction begins at each sequence's last real step, and the padding stays behind."""
    if "backward[:, 0]" not in source and f"x = states{SHAPE}" not in source:
        raise EditError("the backward direction's states are taken at padded steps, too")
    turned = "jnp.take_along_axis(run({}, jnp.take_along_axis(x, turn, axis=1)), turn, axis=1)"
    backward = r"run\((self\.backward\d?), x\[:, ::-1\]\)\[:, ::-1\]"
    source = Rewrite(backward, lambda found: turned.format(found[1]), each=True).apply(source)
    order = "turn = ((lengths[:, None] - 1 - jnp.arange(x.shape[1])) % x.shape[1])[..., None]  # i32[batch, 20, 1]"
    return Insert("states = run(self.cell, x)", order, before=True).apply(source)


def lengths_edit(value: str) -> Edit | None:
    if one_of("lengths", value, ("false", "true", "ids")) == "false":
        return None
    options = {"embedding": "24x16"} if value == "ids" else {}
    return Edit("lstm", (HeedLengths(value == "true"),), options, where=f"lengths {value}")


LENGTHS = (
    Choice(
        "lengths",
        "lstm",
        ("false", "true", "ids"),
        lengths_edit,
        "the model takes each sequence's number of real steps, or counts the ids that are not 0: the state at the last "
        "of them counts",
    ),
)
