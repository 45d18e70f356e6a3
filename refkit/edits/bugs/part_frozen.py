"""Parameters that the optimizer leaves out."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

FROZEN = "optax.masked(optax.set_to_zero(), lambda tree: jax.tree.map(lambda leaf: leaf.ndim == 1, tree))"

BUG = Bug(
    id="part-frozen",
    group="optimizer and update",
    rung="update",
    what="Some parameters have a gradient and are never updated: a mask, a filter or a part of the "
    "tree leaves them out.",
    shows="Those parameters are to the end as they were drawn; the loss falls, but less far than it could.",
    harm="A part of the network is random for ever.",
    mend="Give the optimizer all parameters, or say in the file that the part is meant to stay.",
    edits=optimizer_edits(f"optax.chain(optax.adam(config.learning_rate), {FROZEN})", "biases are left out"),
    alike=("parameters-not-updated", "stale-closure"),
)
