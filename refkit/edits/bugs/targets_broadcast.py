"""Predictions and targets of shapes that broadcast against one another."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import SIGMOID, SQUARED_ERROR, TARGETS

MANNERS = {
    "predictions (B, 1) against targets (B,)": "errors = (predictions - targets[:, 0]) ** 2",
    "predictions (B,) against targets (B, 1)": "errors = (predictions[:, 0] - targets) ** 2",
    "targets (B,) against predictions (B, 1)": "errors = (targets[:, 0] - predictions) ** 2",
}
BINARY = "losses = optax.sigmoid_binary_cross_entropy(logits, labels)"

BUG = Bug(
    id="targets-broadcast",
    group="shapes",
    rung="loss",
    what="Predictions of shape (B, 1) meet targets of shape (B,): their difference is a (B, B) table of every prediction "
    "against every target.",
    shows="The loss has the value of comparing all pairs: it falls to about the targets' variance and stays there, while the "
    "predictions all become the mean.",
    harm="Each prediction is pulled to all targets at once, so the model learns the mean of the targets and nothing of the inputs.",
    mend="Give both the same shape, as with `predictions[:, 0]` or `targets[:, None]`, and assert it in the loss.",
    edits=(
        *(
            Edit(reference, (Replace(SQUARED_ERROR, new),), options, visible=new, where=where)
            for reference, options in TARGETS.items()
            for where, new in MANNERS.items()
        ),
        *(
            Edit(
                reference,
                (Replace(SIGMOID, BINARY),),
                {"loss": "sigmoid"},
                BINARY,
                "one logit (B, 1) against labels (B,)",
            )
            for reference in ("mlp", "lstm")
        ),
    ),
    alike=("onehot-broadcast",),
)
