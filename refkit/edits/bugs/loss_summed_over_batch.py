"""A sum where the mean over examples is meant."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, MEAN, MEAN_ERROR, TARGETS

BUG = Bug(
    id="loss-summed-over-batch",
    group="loss",
    rung="loss",
    what="The loss adds up over the examples of a batch instead of averaging them.",
    shows="Loss and every gradient are larger than the reference's by exactly the number of examples.",
    harm="The learning rate is in effect multiplied by the batch size, and changes with it and with the short last "
    "batch; clipping and weight decay lose their proportion too.",
    mend="Take the mean over the batch.",
    edits=(
        *(
            Edit(
                reference,
                (Replace(MEAN, "return losses.sum()"),),
                options,
                visible="return losses.sum()",
                where="sum over examples",
            )
            for reference, options in CLASSES.items()
        ),
        *(
            Edit(
                reference,
                (Replace(MEAN_ERROR, "return errors.sum()"),),
                options,
                visible="return errors.sum()",
                where="sum over examples",
            )
            for reference, options in TARGETS.items()
        ),
    ),
)
