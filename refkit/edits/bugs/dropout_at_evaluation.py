"""Dropout that stays on when the model is evaluated."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Rewrite
from refkit.edits.scores import SCORES

CALLS = {
    ("mlp", "dropout"): "after the hidden layers",
    ("lenet", "dropout"): "after the dense layers",
    ("lenet", "conv-dropout"): "after the poolings",
    ("lstm", "dropout"): "before the readout",
    ("multimodal", "dropout"): "after the dense layers",
    ("multimodal", "conv-dropout"): "after the poolings",
}
FIRST_SHAPE = {
    ("mlp", "dropout"): "f32[batch, 64]",
    ("lenet", "dropout"): "f32[batch, 120]",
    ("lenet", "conv-dropout"): "f32[batch, 14, 14, 6]",
    ("lstm", "dropout"): "f32[batch, hidden]",
    ("multimodal", "dropout"): "f32[batch, 128]",
    ("multimodal", "conv-dropout"): "f32[batch, 14, 14, 6]",
}


def edit(reference: str, option: str, where: str) -> Edit:
    name = option.replace("-", "_")
    change = Rewrite(rf"self\.{name}\(x\)", f"self.{name}(x, deterministic=False)", each=True)
    visible = f"self.{name}(x, deterministic=False)  # {FIRST_SHAPE[reference, option]}"
    return Edit(reference, (change,), {option: "0.5"}, visible=visible, where=where)


BUG = Bug(
    id="dropout-at-evaluation",
    group="mode",
    rung="forward",
    what="Dropout is on while the model is evaluated.",
    shows="Two evaluations of the same inputs differ, and about the dropout rate's share of a layer is zero.",
    harm="Scores are those of a crippled model and change from run to run.",
    mend="Evaluate in evaluation mode: `model.eval()`, `deterministic=True` or `training=False`.",
    edits=(
        *(edit(reference, option, where) for (reference, option), where in CALLS.items()),
        *(
            Edit(
                score.reference,
                (Insert(score.old.split("\n")[0], "model.train()", before=True),),
                {"dropout": "0.5"} | score.options,
                "model.train()",
                "the metric in training mode",
                "metric",
            )
            for score in SCORES
        ),
    ),
)
