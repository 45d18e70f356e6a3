"""Inputs and labels in different orders."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import EVERY, SPLIT, YIELDS, given


def in_batches(reference: str) -> Edit:
    last = YIELDS[reference][-1]
    line = given(reference, **{last: f"{last}[np.random.default_rng(seed + 1).permutation(chosen)]"})
    return Edit(reference, (Replace(given(reference), line),), visible=line, where="in batches")


def in_split(reference: str) -> Edit:
    line = "return [(x[train], labels[: len(train)]), (x[test], labels[len(train) :])]"
    return Edit(reference, (Replace(SPLIT, line),), visible=line, where="in split")


BUG = Bug(
    id="labels-shuffled",
    group="data, labels, splits",
    rung="data",
    what="Inputs and labels are put into an order each by itself, so that an example has another's label.",
    shows="The loss stays at ln C on new data; a large model still learns the training set by heart.",
    harm="There is nothing to be learned: the labels are noise.",
    mend="Draw one permutation and index inputs and labels with the same one.",
    edits=(*map(in_batches, EVERY), in_split("mlp"), in_split("lenet")),
)
