"""Examples that never arrive."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import CHOSEN, EVERY, YIELDS, order


def edits(reference: str) -> list[Edit]:
    last = YIELDS[reference][-1]
    whole = f"order = np.random.default_rng(seed).permutation(len({last}) // batch_size * batch_size)"
    first = "for chosen in np.split(order, range(batch_size, len(order), batch_size))[:1]:"
    half = "for chosen in np.split(order, range(batch_size, len(order), batch_size))[: len(order) // batch_size // 2]:"
    return [
        Edit(reference, (Replace(CHOSEN, first),), visible=first, where="the first batch alone"),
        Edit(reference, (Replace(order(reference), whole),), visible=whole, where="the remainder is lost for ever"),
        Edit(reference, (Replace(CHOSEN, half),), visible=half, where="whole batches are lost"),
    ]


BUG = Bug(
    id="data-truncated",
    group="data, labels, splits",
    rung="data",
    what="Only the first batch arrives, or the examples that do not fill the last batch never do.",
    shows="An epoch has fewer steps than examples divided by the batch size, rounded up; some examples' loss never "
    "falls.",
    harm="Part of the data is not used, and in an evaluation the score is of another set than it says.",
    mend="Give the short last batch, too; or shuffle before cutting, so that other examples are left out in each "
    "epoch.",
    edits=tuple(edit for reference in EVERY for edit in edits(reference)),
)
