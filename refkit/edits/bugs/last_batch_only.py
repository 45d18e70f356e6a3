"""The score of the last batch in place of the set's."""

from refkit.edits.bug import Bug
from refkit.edits.scores import batched_edits

BUG = Bug(
    id="last-batch-only",
    group="evaluation",
    rung="metric",
    what="What is returned is the score of the last batch: each batch overwrites the one before.",
    shows="The score jumps from epoch to epoch in steps of one over the size of the last batch.",
    harm="All but a few examples are scored for nothing, and the score is mostly chance.",
    mend="Add each batch to what the batches before it came to.",
    edits=(
        *batched_edits("return float(scored[-1].mean())", "the last batch's share"),
        *batched_edits(
            "return float(scored[-1].sum() / len({labels}))", "the last batch's right answers over all examples"
        ),
    ),
)
