"""A schedule that counts something else than steps."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="schedule-in-wrong-unit",
    group="optimizer and update",
    rung="update",
    what="A schedule is told its length in epochs, but optax counts steps; or a rise from zero takes no steps at all.",
    shows="The learning rate is at its end after a few steps, and the loss stops falling there; or it stays at zero.",
    harm="Most of the training runs at the last learning rate, often zero.",
    mend="Give the schedule steps: epochs times the batches of an epoch.",
    edits=optimizer_edits(
        "optax.adam(optax.cosine_decay_schedule(config.learning_rate, config.epochs))", "epochs for steps"
    ),
)
