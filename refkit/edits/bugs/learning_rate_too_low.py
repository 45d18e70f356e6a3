"""A learning rate by which nothing moves."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="learning-rate-too-low",
    group="optimizer and update",
    rung="update",
    of_learning=True,
    what="The learning rate is so low that all steps together hardly move the parameters.",
    shows="The loss stays where it begins, and so does the accuracy.",
    harm="The trained model is the untrained one.",
    mend="Begin with 3e-4 for Adam, and look at whether the loss of one batch falls.",
    edits=optimizer_edits("optax.adam(1e-10)", "millionths of the rate"),
    alike=("parameters-not-updated",),
)
