"""An optimizer that begins anew with every step."""

from refkit.edits.bug import Bug
from refkit.edits.training import UPDATE, update_edits

ANEW = "optimizer = nnx.Optimizer(model, optimizer.tx, wrt=nnx.Param)"

BUG = Bug(
    id="optimizer-state-reset",
    group="optimizer and update",
    rung="update",
    what="The optimizer's state is made again in every step or epoch, or the new one is dropped.",
    shows="Every update is a first one: Adam moves every parameter by the whole learning rate, momentum"
    " never builds up.",
    harm="Adam turns into the sign of the gradient and does not settle; schedules stay at their first value.",
    mend="Make the optimizer's state once before the loop, and carry on the one that each step returns.",
    edits=update_edits(f"{ANEW}\n{UPDATE}", "made anew in the step", ANEW),
)
