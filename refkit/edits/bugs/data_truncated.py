"""Examples that never arrive."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import CHOSEN, EVERY, YIELDS, order
from refkit.edits.scores import SCORES, Score, batched


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


def scored(score: Score) -> list[Edit]:
    """The reference's metric without the examples that do not fill the last batch."""
    found = []
    for last, counted in (
        ("return float(np.concatenate(scored).mean())", ""),
        (f"return float(np.concatenate(scored).sum() / len({score.labels}))", ", and are counted"),
    ):
        whole = batched(score, last)
        old = f"range(0, len({score.labels}), Config.batch_size)"
        new = f"range(0, len({score.labels}) - Config.batch_size + 1, Config.batch_size)"
        change = Replace(whole.old, whole.new.replace(old, new))
        where = f"examples that do not fill the last batch are not scored{counted}"
        found.append(Edit(score.reference, (change,), dict(score.options), f"for start in {new}:", where, "metric"))
    return found


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
    edits=(
        *(edit for reference in EVERY for edit in edits(reference)),
        *(edit for score in SCORES for edit in scored(score)),
    ),
)
