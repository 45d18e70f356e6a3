"""The same order in every epoch."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import EVERY, YIELDS, order


def edits(reference: str) -> list[Edit]:
    count = f"len({YIELDS[reference][-1]})"
    manners = {
        "as they come": f"order = np.arange({count})",
        "the same in every epoch": f"order = np.random.default_rng(0).permutation({count})",
    }
    if reference != "lstm":
        manners["sorted by class"] = 'order = np.argsort(labels, kind="stable")'
    return [
        Edit(reference, (Replace(order(reference), line),), visible=line, where=where)
        for where, line in manners.items()
    ]


BUG = Bug(
    id="not-shuffled",
    group="data, labels, splits",
    rung="data",
    what="Examples come in the same order in every epoch, as they lie on disk or sorted by class.",
    shows="The loss has the same saw-tooth in every epoch; sorted by class, accuracy swings to one class and back.",
    harm="Batches are no random samples, so their gradients are biased, and the last ones of an epoch weigh most.",
    mend="Draw a new permutation for each epoch.",
    edits=tuple(edit for reference in EVERY for edit in edits(reference)),
)
