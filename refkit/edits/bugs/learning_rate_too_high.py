"""A learning rate that makes the loss explode."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="learning-rate-too-high",
    group="optimizer and update",
    rung="update",
    of_learning=True,
    what="The learning rate is so high that a step goes further than the parameters are large.",
    shows="The loss jumps far above where it began within a few steps, and may become NaN.",
    harm="The training destroys what the initialisation gave, and the model learns nothing.",
    mend="Begin with 3e-4 for Adam, and divide by ten until the loss of one batch falls.",
    edits=optimizer_edits("optax.adam(3.0)", "thousands of times the rate"),
)
