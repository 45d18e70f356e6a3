"""Classes counted from 1."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import YIELDS, given

RETURNS = {
    "mlp": "return x.astype(np.float32), labels.astype(np.int32)",
    "lenet": "return x[..., None], labels.astype(np.int32)",
}


def in_batches(reference: str) -> Edit:
    last = YIELDS[reference][-1]
    line = given(reference, **{last: f"{last}[chosen] + 1"})
    return Edit(reference, (Replace(given(reference), line),), visible=line, where="in batches")


def in_data(reference: str) -> Edit:
    line = RETURNS[reference] + " + 1"
    return Edit(reference, (Replace(RETURNS[reference], line),), visible=line, where="in the data")


BUG = Bug(
    id="labels-off-by-one",
    group="data, labels, splits",
    rung="data",
    what="Class ids reach from 1 to the number of classes, and the model's outputs are counted from 0.",
    shows="Output 0 is never right; the last class has no output: its loss is NaN, or in silence that of the one "
    "before.",
    harm="One class is not learned at all, and one output is spent on none.",
    mend="Subtract 1 where the labels are read.",
    edits=(*map(in_batches, ("mlp", "lenet", "multimodal")), in_data("mlp"), in_data("lenet")),
)
