"""An epsilon of Adam of another size than the gradients."""

from refkit.edits.bug import Bug
from refkit.edits.training import optimizer_edits

BUG = Bug(
    id="adam-epsilon",
    group="numerics",
    rung="update",
    of_learning=True,
    what="The number that Adam adds to the root of the second moment is far larger than that root, or nothing at all.",
    shows="The loss falls very slowly, as if the learning rate were a thousandth; or there are NaN where gradients are 0.",
    harm="Steps are no longer scaled by the gradients' own size, which is what Adam is for.",
    mend="Take 1e-8, or up to 1e-3 where small gradients are to count less.",
    edits=optimizer_edits("optax.adam(config.learning_rate, eps=100.0)", "epsilon above every gradient"),
    alike=("learning-rate-too-low",),
)
