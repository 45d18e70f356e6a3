"""Standardised by the variance."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import PREPROCESS

NEW = "(x - mean) / (deviation**2 + 1e-8)"

BY_VARIANCE = "return ((x - mean) / np.maximum(deviation**2, 1e-8)).astype(np.float32)"
OF_SEQUENCES = "return ((sequences - sequences.mean(axis=(0, 1))) / sequences.var(axis=(0, 1))).astype(np.float32)"
IN_PREPROCESS = tuple(
    Edit(reference, (Replace(PREPROCESS[reference], line),), visible=line, where="in preprocess", rung="data")
    for reference, line in (("mlp", BY_VARIANCE), ("lstm", OF_SEQUENCES))
)

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
    )
    + IN_PREPROCESS,
)
