"""Standardised by the batch at hand."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace, Rewrite
from refkit.edits.parts import PREPROCESS
from refkit.edits.places import FIRST

AXES = {"mlp": {"each feature": "0", "everything": "None"}, "lstm": {"each feature": "(0, 1)", "everything": "None"}}


def edits(reference: str) -> list[Edit]:
    found = []
    for where, axis in AXES[reference].items():
        new = f"x = (x - x.mean(axis={axis}, keepdims=True)) / x.std(axis={axis}, keepdims=True)"
        change = Insert(FIRST[reference][0], new, before=True)
        found.append(Edit(reference, (change,), visible=new, where=f"{where} over the batch"))
        own = Rewrite(r"\.(mean|std)\(axis=[^,]*?(?:\(1, 2\))?, keepdims", rf".\1(axis={axis}, keepdims", each=True)
        line = f"mean, deviation = x.mean(axis={axis}"
        found.append(Edit(reference, (own,), {"scaling": "standardised"}, line, f"{where} over the batch, guarded"))
    return found


OWN = "mean, deviation = x.mean(axis=0), x.std(axis=0)"
OF_SEQUENCES = "return ((sequences - sequences.mean(axis=(0, 1))) / sequences.std(axis=(0, 1))).astype(np.float32)"
IN_PREPROCESS = (
    Edit(
        "mlp",
        (Replace("mean, deviation = train_x.mean(axis=0), train_x.std(axis=0)", OWN),),
        visible=OWN,
        where="in preprocess",
        rung="data",
    ),
    Edit(
        "lstm", (Replace(PREPROCESS["lstm"], OF_SEQUENCES),), visible=OF_SEQUENCES, where="in preprocess", rung="data"
    ),
)

BUG = Bug(
    id="standardised-per-batch",
    group="preprocessing",
    rung="forward",
    what="Inputs are standardised by the mean and deviation of the batch at hand.",
    shows="An example's inputs change with its batch; a feature that is constant within a batch gives NaN, a batch "
    "of one zeros.",
    harm="The model never sees how an example lies against the training set, and evaluation depends on the batch size.",
    mend="Take mean and deviation from the training set once, and use them everywhere.",
    edits=(*edits("mlp"), *edits("lstm"), *IN_PREPROCESS),
    alike=("division-by-zero",),
)
