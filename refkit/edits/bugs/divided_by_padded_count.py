"""Right answers divided by another number than that of the examples."""

from refkit.edits.bug import Bug
from refkit.edits.scores import batched_edits

RIGHT = "sum(part.sum() for part in scored)"

BUG = Bug(
    id="divided-by-padded-count",
    group="evaluation",
    rung="metric",
    what="The right answers are divided by batches times batch size, which is not the number of examples.",
    shows="A perfect model does not score 1; the score changes with the batch size.",
    harm="The score is too low by up to a batch, or too high where the short batch is not counted.",
    mend="Divide by the number of examples that were scored.",
    edits=(
        *batched_edits(f"return float({RIGHT} / (len(scored) * Config.batch_size))", "batches times batch size"),
        *batched_edits(
            f"return float({RIGHT} / (len({{labels}}) // Config.batch_size * Config.batch_size))",
            "full batches times batch size",
        ),
    ),
)
