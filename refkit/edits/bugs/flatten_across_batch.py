"""Flattening that runs over the batch axis."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

OLD = "x.reshape(x.shape[0], -1)"
MANNERS = {
    "examples as columns, turned afterwards": "x.reshape(-1, x.shape[0]).T",
    "all axes turned round": "x.T.reshape(x.shape[0], -1)",
    "examples last": "x.transpose(1, 2, 3, 0).reshape(x.shape[0], -1)",
    "channels before examples": "x.transpose(3, 0, 1, 2).reshape(x.shape[0], -1)",
    "channels before examples, examples last": "x.transpose(3, 1, 2, 0).reshape(x.shape[0], -1)",
    "channels in the examples' place": "x.swapaxes(0, 3).reshape(x.shape[0], -1)",
    "rows in the examples' place": "x.swapaxes(0, 1).reshape(x.shape[0], -1)",
    "columns in the examples' place": "x.swapaxes(0, 2).reshape(x.shape[0], -1)",
    "channels first, examples as columns": "x.transpose(0, 3, 1, 2).reshape(-1, x.shape[0]).T",
    "channels first, all axes turned round": "x.transpose(2, 1, 3, 0).reshape(x.shape[0], -1)",
}
RAISING = {"the whole batch as one vector": "x.reshape(1, -1)", "everything in one axis": "x.reshape(-1)"}

BUG = Bug(
    id="flatten-across-batch",
    group="shapes",
    rung="forward",
    what="The picture is flattened over the batch axis too, so that a row of the result holds elements of several "
    "examples.",
    shows="The shape may still be right; changing one example changes the outputs of others.",
    harm="Labels no longer belong to what the model sees: the loss stays near that of guessing, or follows the "
    "batch's company.",
    mend="Flatten with the batch axis kept in front: `x.reshape(x.shape[0], -1)`.",
    edits=(
        *(
            Edit(reference, (Replace(OLD, new),), visible=new, where=where)
            for reference in ("lenet", "multimodal")
            for where, new in MANNERS.items()
        ),
        *(
            Edit(reference, (Replace(OLD, new),), visible=new, where=where, rung="runs")
            for reference in ("lenet", "multimodal")
            for where, new in RAISING.items()
        ),
    ),
    alike=("reshape-for-transpose",),
)
