"""An update of the wrong sign."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits, update_edits

BUG = Bug(
    id="gradient-ascent",
    group="optimizer and update",
    rung="update",
    what="Parameters are moved along the gradient of the loss and not against it.",
    shows="The loss grows from step to step.",
    harm="Training makes the model worse until the loss overflows.",
    mend="Subtract the learning rate times the gradient, or add updates that optax has negated already.",
    edits=(
        *update_edits("optimizer.update(model, jax.tree.map(jnp.negative, grads))", "gradients negated"),
        *optimizer_edits("optax.adam(-config.learning_rate)", "a learning rate below zero"),
    ),
    alike=("loss-sign-flipped",),
)
