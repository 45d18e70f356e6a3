"""Modalities joined along another axis than the features."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

JOINED = r"x = jnp\.concatenate\(\[(\w+), (\w+)\], axis=-1\)"
HIDDEN = {
    "joined end to end, then cut into rows": (
        r"x = jnp.concatenate([\1.reshape(-1), \2.reshape(-1)]).reshape(words.shape[0], -1)",
        {},
    ),
    "joined as columns, then cut into rows": (
        r"x = jnp.concatenate([\1.T, \2.T], axis=0).reshape(words.shape[0], -1)",
        {},
    ),
    "examples under examples, then cut into rows": (
        r"x = jnp.concatenate([\1, \2], axis=0).reshape(words.shape[0], -1)",
        {"hidden": "400"},
    ),
    "stacked along the batch, then cut into rows": (
        r"x = jnp.stack([\1, \2]).reshape(words.shape[0], -1)",
        {"hidden": "400"},
    ),
}
RAISING = {
    "along the batch": (r"x = jnp.concatenate([\1, \2], axis=0)", {}),
    "along the batch, of one width": (r"x = jnp.concatenate([\1, \2], axis=0)", {"hidden": "400"}),
}


def edit(where: str, new: str, options: dict[str, str], rung: str) -> Edit:
    visible = new.replace(r"\1", "image_vector").replace(r"\2", "words_vector")
    return Edit("multimodal", (Rewrite(JOINED, new),), options, visible=visible, where=where, rung=rung)


BUG = Bug(
    id="concat-on-wrong-axis",
    group="shapes",
    rung="forward",
    what="Picture and words are joined along the batch axis, or end to end, and not along the features.",
    shows="It raises, or a later reshape hides it: then a row holds parts of several examples, and changing one "
    "changes others.",
    harm="A picture is judged with the words of another example.",
    mend="Concatenate along the last axis, `axis=-1`, and assert that the first axis is still the batch.",
    edits=(
        *(edit(where, new, options, "forward") for where, (new, options) in HIDDEN.items()),
        *(edit(where, new, options, "runs") for where, (new, options) in RAISING.items()),
    ),
    alike=("reshape-for-transpose",),
)
