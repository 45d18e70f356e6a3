"""Padded steps that count in the loss."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace, Rewrite

PADDED = {"outputs": "all", "lengths": "true"}
CLASSES = {"loss": "cross-entropy", "output-size": "4"}
MASKED = r"return \((errors\.mean\(axis=-1\)|losses) \* mask\)\.sum\(\) / mask\.sum\(\)"
MANNERS = {
    "every step counts": (r"return \1.mean()", "return {0}.mean()"),
    "divided by the padded number of steps": (r"return (\1 * mask).mean()", "return ({0} * mask).mean()"),
    "every step counts, divided by the real ones": (r"return \1.sum() / mask.sum()", "return {0}.sum() / mask.sum()"),
}
# The model has no mask when all states are taken, so the loss's is the only one.
MASK, ONE_MORE = "mask = jnp.arange(x.shape[1]) < lengths[:, None]", "mask = jnp.arange(x.shape[1]) <= lengths[:, None]"
RETURNED = "return ({0} * mask).sum() / mask.sum()"


def edits(options: dict[str, str], values: str) -> list[Edit]:
    found = [
        Edit("lstm", (Rewrite(MASKED, new),), options, visible=visible.format(values), where=where)
        for where, (new, visible) in MANNERS.items()
    ]
    visible = RETURNED.format(values)
    return [*found, Edit("lstm", (Replace(MASK, ONE_MORE),), options, visible=visible, where="one padded step counts")]


BUG = Bug(
    id="padding-in-loss",
    group="loss",
    rung="loss",
    what="Padded steps count in the loss, in its sum or in the number that it is divided by.",
    shows="The loss changes with the amount of padding, or with what stands in it.",
    harm="The model is trained to predict padding, which is easy and takes over; the loss of short sequences looks "
    "better than it is.",
    mend="Multiply by a mask of the real steps and divide by their number.",
    edits=(*edits(PADDED, "errors.mean(axis=-1)"), *edits(PADDED | CLASSES, "losses")),
)
