"""A loss with the wrong sign."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, MEAN, MEAN_ERROR, TARGETS

NEGATIVE, NEGATIVE_ERROR = "return -losses.mean()", "return -errors.mean()"

BUG = Bug(
    id="loss-sign-flipped",
    group="loss",
    rung="loss",
    what="The loss has the wrong sign: a missing minus before the log-probability, or one too many.",
    shows="The loss is the reference's with the other sign: below 0 for a cross-entropy, and falling without bound "
    "in training.",
    harm="Training makes the right answers less and less likely: the loss goes down and so does the accuracy.",
    mend="Minimise the negative log-probability; a cross-entropy is never below 0.",
    edits=(
        *(
            Edit(reference, (Replace(MEAN, NEGATIVE),), options, visible=NEGATIVE, where="sign of the cross-entropy")
            for reference, options in CLASSES.items()
        ),
        *(
            Edit(
                reference, (Replace(MEAN_ERROR, NEGATIVE_ERROR),), options, NEGATIVE_ERROR, "sign of the squared error"
            )
            for reference, options in TARGETS.items()
        ),
    ),
    alike=("gradient-ascent",),
)
