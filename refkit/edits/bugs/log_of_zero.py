"""The logarithm of a probability that may be 0."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, GUARDED, ONE_HOT, SIGMOID

UNGUARDED = "losses = -jnp.log(chosen)"
FROM_LOGITS = "losses = -jnp.log(jnp.take_along_axis(nnx.softmax(logits), labels[..., None], axis=-1)[..., 0])"
EVERY = "losses = -(classes * jnp.log(nnx.softmax(logits))).sum(axis=-1)"
IN_MODEL = "x = jnp.log(nnx.softmax(x))"
ONE_UNIT = "losses = -(labels * jnp.log(p) + (1 - labels) * jnp.log(1 - p))"


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    guarded = f"losses = -jnp.log({GUARDED})"
    one_unit = f"p = nnx.sigmoid(logits[..., 0])  # f32[batch]\n{ONE_UNIT}"
    binary = {"loss": "sigmoid"}
    in_model = Replace("x = nnx.log_softmax(x)", IN_MODEL)
    return [
        Edit(reference, (in_model,), options | {"output": "log-softmax"}, IN_MODEL, "in the model", "forward"),
        Edit(
            reference, (Replace(guarded, UNGUARDED),), options | {"output": "softmax"}, UNGUARDED, "the model's softmax"
        ),
        Edit(reference, (Replace(CROSS_ENTROPY, FROM_LOGITS),), options, FROM_LOGITS, "a softmax in the loss"),
        Edit(
            reference,
            (Replace(CROSS_ENTROPY, ONE_HOT + EVERY),),
            options,
            EVERY,
            "every class of a softmax in the loss",
        ),
        Edit(
            reference, (Replace(guarded, UNGUARDED),), binary | {"output": "sigmoid"}, UNGUARDED, "the model's sigmoid"
        ),
        Edit(reference, (Replace(SIGMOID, one_unit),), binary, ONE_UNIT, "a sigmoid in the loss"),
    ]


BUG = Bug(
    id="log-of-zero",
    group="numerics",
    rung="loss",
    what="The loss takes the logarithm of a probability without a guard, and a softmax or sigmoid in float32 does "
    "reach 0.",
    shows="Right at ordinary sizes; with logits about 100 apart the loss is inf, or NaN as 0 times inf, and so are "
    "gradients.",
    harm="One example that the model is sure of and wrong about ends the training.",
    mend="Compute the log-probability from logits, or keep the probability above a small number such as 1e-7.",
    edits=tuple(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
    alike=("exp-overflow",),
)
