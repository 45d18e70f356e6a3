"""A step whose new parameters are dropped."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove
from refkit.edits.training import REFERENCES, UPDATE, gradient, update_edits

BUG = Bug(
    id="parameters-not-updated",
    group="optimizer and update",
    rung="update",
    what="The step computes new parameters and drops them, or the loop around it goes on with the old ones.",
    shows="The loss stays where it began, up to the noise of the batches.",
    harm="Nothing is learned, however long it runs.",
    mend="Return the new parameters (or state) and go on with them: `params = optax.apply_updates(params, updates)`.",
    edits=(
        *update_edits("optimizer.update(nnx.clone(model), grads)", "a copy is updated"),
        *(Edit(r, (Remove(UPDATE),), visible=gradient(r), where="no update") for r in REFERENCES),
    ),
    alike=("state-update-lost", "part-frozen"),
)
