"""A division by a deviation that may be 0."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import PREPROCESS

OLD = "/ (deviation + 1e-8)"

UNGUARDED = "return ((x - mean) / deviation).astype(np.float32)"
IN_PREPROCESS = Edit(
    "mlp", (Replace(PREPROCESS["mlp"], UNGUARDED),), visible=UNGUARDED, where="in preprocess", rung="data"
)

BUG = Bug(
    id="division-by-zero",
    group="numerics",
    rung="forward",
    what="Inputs are divided by their standard deviation without a guard.",
    shows="Right on ordinary inputs; an example or feature that is constant gives 0 / 0, which is NaN from there on.",
    harm="One constant feature, or one empty example, makes the whole batch's loss NaN.",
    mend="Add a small number to the deviation, or put 1 where it is 0.",
    edits=tuple(
        Edit(reference, (Replace(OLD, "/ deviation"),), {"scaling": "standardised"}, "/ deviation", "in the model")
        for reference in ("mlp", "lstm")
    )
    + (IN_PREPROCESS,),
    alike=("standardised-per-batch",),
)
