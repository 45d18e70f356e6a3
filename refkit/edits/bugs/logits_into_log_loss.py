"""Logits where probabilities are expected."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, ONE_HOT, SIGMOID

CHOSEN = "chosen = jnp.take_along_axis(logits, labels[..., None], axis=-1)[..., 0]  # f32[batch]\n"
MANNERS = {
    "logarithm of the logits": f"{CHOSEN}losses = -jnp.log(chosen)",
    "logarithm of the clipped logits": f"{CHOSEN}losses = -jnp.log(jnp.clip(chosen, 1e-7, 1 - 1e-7))",
    "logarithm of the logits from below": f"{CHOSEN}losses = -jnp.log(jnp.maximum(chosen, 1e-7))",
    "logarithm of the logits and a little": f"{CHOSEN}losses = -jnp.log(chosen + 1e-7)",
    "logarithm of every logit": f"{ONE_HOT}losses = -(classes * jnp.log(logits)).sum(axis=-1)",
    "logarithm of every clipped logit": (
        f"{ONE_HOT}losses = -(classes * jnp.log(jnp.clip(logits, 1e-7, 1 - 1e-7))).sum(axis=-1)"
    ),
    "logits for log-probabilities": f"{CHOSEN}losses = -chosen",
    "logits for log-probabilities, averaged over classes": f"{ONE_HOT}losses = -(classes * logits).mean(axis=-1)",
}
ONE_UNIT = {
    "logarithm of the logit": "losses = -(labels * jnp.log(logits[..., 0]) + (1 - labels) * jnp.log(1 - logits[..., 0]))",
    "logarithm of the clipped logit": (
        "p = jnp.clip(logits[..., 0], 1e-7, 1 - 1e-7)  # f32[batch]\n"
        "losses = -(labels * jnp.log(p) + (1 - labels) * jnp.log(1 - p))"
    ),
}

BUG = Bug(
    id="logits-into-log-loss",
    group="loss",
    rung="loss",
    what="Logits go into a loss that takes the logarithm of probabilities, or that expects log-probabilities.",
    shows="The loss is NaN where a logit is negative, or negative itself and falling without bound, or stuck at the clip's edge.",
    harm="The loss has no meaning for numbers that are not probabilities: it is NaN at once, or rewards logits for growing.",
    mend="Use the loss on logits, or take `log_softmax` first.",
    edits=(
        *(
            Edit(reference, (Replace(CROSS_ENTROPY, new),), options, visible=new.splitlines()[-1], where=where)
            for reference, options in CLASSES.items()
            for where, new in MANNERS.items()
        ),
        *(
            Edit(reference, (Replace(SIGMOID, new),), {"loss": "sigmoid"}, visible=new.splitlines()[0], where=where)
            for reference in ("mlp", "lstm")
            for where, new in ONE_UNIT.items()
        ),
    ),
)
