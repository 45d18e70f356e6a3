"""The mean of the batches' means, where the last batch is shorter."""

from refkit.edits.bug import Bug
from refkit.edits.scores import batched_edits

BUG = Bug(
    id="mean-of-batch-means",
    group="evaluation",
    rung="metric",
    what="The score of a set is the mean of its batches' scores, and the short last batch weighs as much as a full one.",
    shows="The score changes with the batch size, and is not a multiple of one over the number of examples.",
    harm="Examples of the last batch count several times; scores taken at two batch sizes cannot be compared.",
    mend="Add up right answers and examples, and divide once at the end.",
    edits=(
        *batched_edits("return float(np.mean([part.mean() for part in scored]))", "mean of the batches' means"),
        *batched_edits(
            "return float(sum(part.mean() for part in scored) / (len({labels}) // Config.batch_size))",
            "means added up, over the number of full batches",
        ),
    ),
)
