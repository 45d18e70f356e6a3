"""A mean over classes too."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, GUARDED, ONE_HOT

FROM_LOGITS = "losses = -(classes * nnx.log_softmax(logits)).mean(axis=-1)"
FROM_LOGARITHMS = "losses = -(classes * log_probabilities).mean(axis=-1)"
TAKEN = "losses = -jnp.take_along_axis(log_probabilities, labels[..., None], axis=-1)[..., 0]"
FROM_PROBABILITIES = f"losses = -jnp.log({GUARDED}) / probabilities.shape[-1]"


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    logarithms = ONE_HOT.replace("logits.shape", "log_probabilities.shape") + FROM_LOGARITHMS
    return [
        Edit(reference, (Replace(CROSS_ENTROPY, ONE_HOT + FROM_LOGITS),), options, FROM_LOGITS, "mean over classes"),
        Edit(
            reference,
            (Replace(TAKEN, logarithms),),
            options | {"output": "log-softmax"},
            visible=FROM_LOGARITHMS,
            where="mean over classes of log-probabilities",
        ),
        Edit(
            reference,
            (Replace(f"losses = -jnp.log({GUARDED})", FROM_PROBABILITIES),),
            options | {"output": "softmax"},
            visible=FROM_PROBABILITIES,
            where="mean over classes of probabilities",
        ),
    ]


BUG = Bug(
    id="loss-averaged-over-classes",
    group="loss",
    rung="loss",
    what="The cross-entropy is averaged over the classes as well as over the examples, as by one `mean()` of one-hot "
    "labels times log-probabilities.",
    shows="Loss and every gradient are smaller than the reference's by exactly the number of classes: ln C over C at "
    "the start.",
    harm="The learning rate is in effect divided by the number of classes, and the loss cannot be compared with ln C "
    "or with anyone else's. Adam hides it except through its epsilon.",
    mend="Sum over the classes and take the mean over the examples.",
    edits=tuple(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
)
