"""A softmax that overflows."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, SIGMOID

CHOSEN = "jnp.take_along_axis({values}, labels[..., None], axis=-1)[..., 0]"
RATIO = "probabilities = jnp.exp(logits) / jnp.exp(logits).sum(axis=-1, keepdims=True)"
LOG_SUM = f"losses = jnp.log(jnp.exp(logits).sum(axis=-1)) - {CHOSEN.format(values='logits')}"
IN_MODEL = "x = jnp.exp(x) / jnp.exp(x).sum(axis=-1, keepdims=True)"
LOG_IN_MODEL = "x = x - jnp.log(jnp.exp(x).sum(axis=-1, keepdims=True))"
ONE_UNIT = "losses = jnp.log(1 + jnp.exp(logits[..., 0])) - labels * logits[..., 0]"
NEGATED = "losses = jnp.log(1 + jnp.exp(-logits[..., 0])) + (1 - labels) * logits[..., 0]"


def edits(reference: str, options: dict[str, str]) -> list[Edit]:
    ratio = f"{RATIO}  # f32[batch, classes]\nlosses = -jnp.log({CHOSEN.format(values='probabilities')})"
    return [
        Edit(reference, (Replace(CROSS_ENTROPY, ratio),), options, visible=RATIO, where="softmax by hand in the loss"),
        Edit(
            reference,
            (Replace(CROSS_ENTROPY, LOG_SUM),),
            options,
            visible=LOG_SUM,
            where="log of a sum of exponentials",
        ),
        Edit(
            reference,
            (Replace("x = nnx.softmax(x)", IN_MODEL),),
            options | {"output": "softmax"},
            visible=IN_MODEL,
            where="softmax by hand in the model",
            rung="forward",
        ),
        Edit(
            reference,
            (Replace("x = nnx.log_softmax(x)", LOG_IN_MODEL),),
            options | {"output": "log-softmax"},
            visible=LOG_IN_MODEL,
            where="log-softmax by hand in the model",
            rung="forward",
        ),
        Edit(reference, (Replace(SIGMOID, ONE_UNIT),), {"loss": "sigmoid"}, ONE_UNIT, "log of 1 + exp"),
        Edit(reference, (Replace(SIGMOID, NEGATED),), {"loss": "sigmoid"}, NEGATED, "log of 1 + exp of the negative"),
    ]


BUG = Bug(
    id="exp-overflow",
    group="numerics",
    rung="loss",
    what="A softmax or its logarithm is written with plain exponentials, without taking the largest logit off first.",
    shows="Right at ordinary sizes; with a logit of 89 or more, float32's exponential is inf, the probability NaN "
    "and the loss too.",
    harm="Training goes well until the logits have grown, and then everything is NaN within one step.",
    mend="Use `nnx.log_softmax`, `jax.nn.logsumexp` or optax's losses on logits, which take the maximum off.",
    edits=tuple(edit for reference, options in CLASSES.items() for edit in edits(reference, options)),
    alike=("log-of-zero",),
)
