"""Squared error on class numbers."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove, Replace
from refkit.edits.places import CHOSEN, CLASSES, CROSS_ENTROPY, GUARDED, SIGMOID

MANNERS = {
    "every output against the class number": "losses = ((logits - labels[..., None]) ** 2).mean(axis=-1)",
    "every output against the class number, summed": "losses = ((logits - labels[..., None]) ** 2).sum(axis=-1)",
    "every probability against the class number": (
        "losses = ((nnx.softmax(logits) - labels[..., None]) ** 2).mean(axis=-1)"
    ),
    "the largest output's number against the class number": (
        "losses = (logits.argmax(axis=-1) - labels).astype(logits.dtype) ** 2"
    ),
    "the expected class number against the class number": (
        "losses = (nnx.softmax(logits) @ jnp.arange(logits.shape[-1], dtype=logits.dtype) - labels) ** 2"
    ),
    "the first output against the class number": "losses = (logits[..., 0] - labels) ** 2",
}
OF_PROBABILITIES = "losses = ((probabilities - labels[..., None]) ** 2).mean(axis=-1)"
ONE_UNIT = "losses = (logits[..., 0] - labels) ** 2"

BUG = Bug(
    id="mse-on-class-ids",
    group="loss",
    rung="loss",
    what="The loss is the squared error between outputs and class numbers.",
    shows="The loss starts at the size of the squared class numbers and not at ln C; outputs move towards the mean "
    "class number.",
    harm="Class numbers have no order: mistaking 1 for 9 is punished 64 times as much as mistaking 1 for 2, and "
    "between them lies a class that has nothing to do with either.",
    mend="Use the cross-entropy, or the squared error against one-hot labels.",
    edits=(
        *(
            Edit(reference, (Replace(CROSS_ENTROPY, new),), options, visible=new, where=where)
            for reference, options in CLASSES.items()
            for where, new in MANNERS.items()
        ),
        *(
            Edit(
                reference, (Replace(SIGMOID, ONE_UNIT),), {"loss": "sigmoid"}, ONE_UNIT, "one output against the number"
            )
            for reference in CLASSES
        ),
        *(
            Edit(
                reference,
                (Remove(CHOSEN), Replace(f"losses = -jnp.log({GUARDED})", OF_PROBABILITIES)),
                options | {"output": "softmax"},
                visible=OF_PROBABILITIES,
                where="every probability that the model gives against the class number",
            )
            for reference, options in CLASSES.items()
        ),
    ),
    alike=("targets-broadcast",),
)
