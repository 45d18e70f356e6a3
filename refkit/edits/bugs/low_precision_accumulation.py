"""A loss added up in a short floating-point format."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, MEAN, MEAN_ERROR, SQUARED_ERROR, TARGETS
from refkit.edits.scores import whole_edits

FORMATS = ("bfloat16", "float16")


def edits(reference: str, options: dict[str, str], mean: str, inputs: tuple[str, str]) -> list[Edit]:
    found = []
    for format in FORMATS:
        summed = mean.replace(".mean()", f".astype(jnp.{format}).mean()")
        added = mean.replace(".mean()", f".mean(dtype=jnp.{format})")
        values = mean.split()[1].split(".")[0]
        by_sum = f"return {values}.astype(jnp.{format}).sum() / {values}.size"
        before = inputs[1].format(format=format)
        found += [
            Edit(reference, (Replace(mean, summed),), options, visible=summed, where=f"losses averaged in {format}"),
            Edit(reference, (Replace(mean, by_sum),), options, visible=by_sum, where=f"losses added up in {format}"),
            Edit(reference, (Replace(mean, added),), options, visible=added, where=f"mean with dtype {format}"),
            Edit(reference, (Replace(inputs[0], before),), options, visible=before, where=f"loss from {format}"),
        ]
    return found


def of_metric(format: str) -> list[Edit]:
    """The same in the metric."""
    ways = {
        f"right = ({{share}}).astype(jnp.{format})\nreturn float(right.mean())": f"metric averaged in {format}",
        f"right = ({{share}}).astype(jnp.{format})\nreturn float(right.sum() / right.size)": f"metric added up in {format}",
        f"right = {{share}}\nreturn float(right.mean(dtype=jnp.{format}))": f"metric's mean with dtype {format}",
        f"right = {{share}}\nreturn float(jnp.asarray(right.mean(), jnp.{format}))": f"metric rounded to {format}",
    }
    return [edit for change, where in ways.items() for edit in whole_edits(change, where)]


LOGITS = (CROSS_ENTROPY, CROSS_ENTROPY.replace("(logits,", "(logits.astype(jnp.{format}),"))
ERRORS = (SQUARED_ERROR, "errors = (predictions.astype(jnp.{format}) - targets.astype(jnp.{format})) ** 2")

BUG = Bug(
    id="low-precision-accumulation",
    group="numerics",
    rung="loss",
    what="The loss or a metric is computed or added up in bfloat16 or float16.",
    shows="The loss moves in steps of about one part in 256 (bfloat16) or 2,048 (float16); large sums stop growing, "
    "or are inf.",
    harm="Small improvements are rounded away and so are gradients; a metric over many examples is plainly wrong.",
    mend="Keep the layers in the short format if need be, and turn logits into float32 before the loss.",
    edits=(
        *(edit for reference, options in CLASSES.items() for edit in edits(reference, options, MEAN, LOGITS)),
        *(edit for reference, options in TARGETS.items() for edit in edits(reference, options, MEAN_ERROR, ERRORS)),
        *(edit for format in FORMATS for edit in of_metric(format)),
    ),
)
