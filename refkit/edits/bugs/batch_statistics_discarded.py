"""Running statistics that are not kept."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import gradient

NORMED = ("mlp", "lenet", "multimodal")


def edit(reference: str) -> Edit:
    new = gradient(reference).replace("(model, ", "(nnx.clone(model), ")
    options = {"batchnorm": "before"}
    return Edit(reference, (Replace(gradient(reference), new),), options, visible=new, where="a copy of the model")


BUG = Bug(
    id="batch-statistics-discarded",
    group="mode",
    rung="train-eval",
    what="The running mean and variance of batch norm are updated and dropped.",
    shows="They stay at 0 and 1; training is fine and evaluation is not.",
    harm="Evaluation normalises by statistics that the data never had.",
    mend="Keep what comes back: `mutable=['batch_stats']` and the new state, or the module itself in NNX.",
    edits=tuple(edit(reference) for reference in NORMED),
    alike=("state-update-lost",),
)
