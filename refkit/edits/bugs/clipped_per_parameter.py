"""Gradients clipped one by one."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="clipped-per-parameter",
    group="optimizer and update",
    rung="update",
    what="Gradients are clipped number by number or array by array where their global norm is meant.",
    shows="Nothing shows until gradients are large; then their direction changes, not only their length.",
    harm="Large gradients point elsewhere than downhill, and the threshold means another thing for every array.",
    mend="Use `optax.clip_by_global_norm`, or scale all gradients by one factor.",
    edits=optimizer_edits(
        "optax.chain(optax.clip(1.0), optax.adam(config.learning_rate))",
        "number by number",
        "# clipped by their global norm",
    ),
    intent=True,
)
