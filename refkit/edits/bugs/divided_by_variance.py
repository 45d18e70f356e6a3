"""Standardised by the variance."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

NEW = "(x - mean) / (deviation**2 + 1e-8)"

BUG = Bug(
    id="divided-by-variance",
    group="preprocessing",
    rung="forward",
    what="Inputs are divided by their variance and not by their standard deviation.",
    shows="The standardised inputs have a standard deviation of one over the original's, and not 1.",
    harm="Features with small numbers become huge and those with large numbers vanish: the opposite of what scaling "
    "is for.",
    mend="Divide by the standard deviation, the variance's root.",
    edits=tuple(
        Edit(
            reference,
            (Replace("(x - mean) / (deviation + 1e-8)", NEW),),
            {"scaling": "standardised"},
            NEW,
            "in the model",
        )
        for reference in ("mlp", "lstm")
    ),
)
