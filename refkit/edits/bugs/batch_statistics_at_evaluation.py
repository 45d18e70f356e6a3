"""Batch normalisation by the batch at hand when the model is evaluated."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

FIRST = {"mlp": "dense1", "lenet": "conv1", "multimodal": "conv1"}
CHANGE = Rewrite(r"(self\.\w+_norm\(x)\)", r"\1, use_running_average=False)", each=True)

BUG = Bug(
    id="batch-statistics-at-evaluation",
    group="mode",
    rung="forward",
    what="In evaluation the batch normalisation uses the mean and variance of the batch at hand and not the running ones.",
    shows="An example's output changes with its batch; a batch of one gives the shift alone.",
    harm="Scores depend on the size and the order of evaluation batches, and a single example cannot be judged.",
    mend="Evaluate with the running statistics: `model.eval()` or `use_running_average=True`.",
    edits=tuple(
        Edit(reference, (CHANGE,), {"batchnorm": place}, f"self.{first}_norm(x, use_running_average=False)", where)
        for reference, first in FIRST.items()
        for place, where in (("before", "before the activations"), ("after", "after the activations"))
    ),
)
