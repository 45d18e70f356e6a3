"""Weight decay on the other side of the moments."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="l2-for-decoupled-decay",
    group="optimizer and update",
    rung="update",
    what="Weight decay is added to the gradient before the moments of Adam where the decoupled one is "
    "meant, or the other way round.",
    shows="Parameters with large gradients are hardly decayed; the best weight of the decay changes "
    "with the learning rate.",
    harm="The regularisation is not the one whose strength was looked up.",
    mend="Use `optax.adamw`, or `optax.add_decayed_weights` after `optax.scale_by_adam`, for decoupled"
    " decay; before it for L2.",
    edits=optimizer_edits(
        "optax.chain(optax.add_decayed_weights(1e-2), optax.adam(config.learning_rate))",
        "decay before Adam",
        "# AdamW: decoupled weight decay",
    ),
    intent=True,
)
