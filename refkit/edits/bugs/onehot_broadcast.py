"""One-hot labels with an axis too many."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove, Replace
from refkit.edits.places import CHOSEN, CLASSES, CROSS_ENTROPY, GUARDED

ONE_HOT = "classes = jax.nn.one_hot(labels[:, None], logits.shape[-1])  # f32[batch, 1, classes]\n"
MANNERS = {
    "every example against every label": "losses = optax.softmax_cross_entropy(logits, classes)",
    "summed over the labels too": "losses = -(classes * nnx.log_softmax(logits)).sum(axis=(1, 2))",
    "averaged over labels and classes": "losses = -(classes * nnx.log_softmax(logits)).mean(axis=(1, 2))",
    "labels (B, 1) as an index": "losses = -nnx.log_softmax(logits)[jnp.arange(labels.shape[0]), labels[:, None]]",
}
SQUARED = "losses = ((logits - classes) ** 2)"


def one_hot_errors(reference: str, options: dict[str, str], loss: str) -> Edit:
    """The same for squared errors against one-hot labels."""
    old = "classes = jax.nn.one_hot(labels, logits.shape[-1])"
    new = "classes = jax.nn.one_hot(labels[:, None], logits.shape[-1])"
    return Edit(
        reference, (Replace(old, new),), options | {"loss": loss}, visible=SQUARED, where=f"labels (B, 1) in {loss}"
    )


def given_edits(reference: str, options: dict[str, str]) -> list[Edit]:
    """The same where the model gives probabilities or their logarithms."""
    taken = "losses = -jnp.take_along_axis(log_probabilities, labels[..., None], axis=-1)[..., 0]"
    logarithms = "losses = -(classes * log_probabilities).sum(axis=-1)"
    probabilities = "losses = -(classes * jnp.log(jnp.maximum(probabilities, 1e-12))).sum(axis=-1)"
    of_logarithms = (Replace(taken, ONE_HOT.replace("logits", "log_probabilities") + logarithms),)
    of_probabilities = (
        Remove(CHOSEN),
        Replace(f"losses = -jnp.log({GUARDED})", ONE_HOT.replace("logits", "probabilities") + probabilities),
    )
    log_softmax, softmax = options | {"output": "log-softmax"}, options | {"output": "softmax"}
    return [
        Edit(
            reference, of_logarithms, log_softmax, logarithms, "every example's log-probabilities against every label"
        ),
        Edit(reference, of_probabilities, softmax, probabilities, "every example's probabilities against every label"),
    ]


BUG = Bug(
    id="onehot-broadcast",
    group="shapes",
    rung="loss",
    what="Labels of shape (B, 1) become one-hot of shape (B, 1, C), which broadcasts against the logits: every "
    "example meets every example's label.",
    shows="Inside the loss the values have shape (B, B) or (B, B, C); the loss stays near ln C however good the model.",
    harm="Each example is trained towards all labels of its batch at once, so the model learns how frequent the "
    "classes are.",
    mend="Drop the labels' last axis, `labels[:, 0]`, before making them one-hot, and assert the shape.",
    edits=(
        *(
            Edit(
                reference,
                (Replace(CROSS_ENTROPY, new if "[:, None]" in new else ONE_HOT + new),),
                options,
                visible=new,
                where=where,
            )
            for reference, options in CLASSES.items()
            for where, new in MANNERS.items()
        ),
        *(
            one_hot_errors(reference, {k: v for k, v in options.items() if k != "loss"}, loss)
            for reference, options in CLASSES.items()
            for loss in ("one-hot-mse", "brier")
        ),
        *(edit for reference, options in CLASSES.items() for edit in given_edits(reference, options)),
    ),
    alike=("targets-broadcast",),
)
