"""Batch normalisation by the batch at hand when the model is evaluated."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace, Rewrite
from refkit.edits.scores import BY_REFERENCE

NAMES = {
    "mlp": ("dense1",),
    "lenet": ("conv1", "conv2", "dense1", "dense2"),
    "multimodal": ("conv1", "conv2", "dense1"),
}
CHANGE = Rewrite(r"(self\.\w+_norm\(x)\)", r"\1, use_running_average=False)", each=True)


def one_layer(reference: str, name: str, place: str) -> Edit:
    old = f"self.{name}_norm(x)"
    new = f"self.{name}_norm(x, use_running_average=False)"
    return Edit(
        reference, (Replace(old, new),), {"batchnorm": place}, visible=new, where=f"{name}'s, {place} activation"
    )


BUG = Bug(
    id="batch-statistics-at-evaluation",
    group="mode",
    rung="forward",
    what="In evaluation the batch normalisation uses the mean and variance of the batch at hand and not the running "
    "ones.",
    shows="An example's output changes with its batch; a batch of one gives the shift alone.",
    harm="Scores depend on the size and the order of evaluation batches, and a single example cannot be judged.",
    mend="Evaluate with the running statistics: `model.eval()` or `use_running_average=True`.",
    edits=(
        *(
            Edit(
                reference, (CHANGE,), {"batchnorm": place}, f"self.{names[0]}_norm(x, use_running_average=False)", where
            )
            for reference, names in NAMES.items()
            for place, where in (("before", "before the activations"), ("after", "after the activations"))
        ),
        *(
            one_layer(reference, name, place)
            for reference, names in NAMES.items()
            for name in names
            for place in ("before", "after")
        ),
        *(
            Edit(
                reference,
                (Insert(BY_REFERENCE[reference].old.split("\n")[0], "model.train()", before=True),),
                {"batchnorm": "before"},
                "model.train()",
                "the metric in training mode",
                "metric",
            )
            for reference in NAMES
        ),
    ),
)
