"""Predictions and targets of shapes that broadcast against one another."""

import dataclasses

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.places import OF_ONE_UNIT, SIGMOID, SQUARED_ERROR, TARGETS
from refkit.edits.scores import SCORES, Score, batched

MANNERS = {
    "predictions (B, 1) against targets (B,)": "errors = (predictions - targets[:, 0]) ** 2",
    "predictions (B,) against targets (B, 1)": "errors = (predictions[:, 0] - targets) ** 2",
    "targets (B,) against predictions (B, 1)": "errors = (targets[:, 0] - predictions) ** 2",
    "predictions (B, 1) against targets (B,), summed": "errors = ((predictions - targets[:, 0]) ** 2).sum(axis=-1)",
    "predictions (B,) against targets (B, 1), summed": "errors = ((predictions[:, 0] - targets) ** 2).sum(axis=-1)",
}
# The same in other losses; distances are summed over what was meant to be the outputs.
OTHERS = {
    "mae": ("errors = jnp.abs(predictions - targets)", "errors = jnp.abs({p} - {t})"),
    "huber": ("errors = optax.huber_loss(predictions, targets)", "errors = optax.huber_loss({p}, {t})"),
    "log-cosh": ("errors = optax.log_cosh(predictions, targets)", "errors = optax.log_cosh({p}, {t})"),
}
DISTANCE = "errors = jnp.sqrt((({p} - {t}) ** 2).sum(axis=-1) + 1e-24)"
SIDES = {
    "predictions (B, 1) against targets (B,)": {"p": "predictions", "t": "targets[:, 0]"},
    "predictions (B,) against targets (B, 1)": {"p": "predictions[:, 0]", "t": "targets"},
}
OF_ONE_UNIT_TABLE = "chosen = jnp.where(labels == 1, probabilities, 1 - probabilities)"
BINARY = "losses = optax.sigmoid_binary_cross_entropy(logits, labels)"


def other_losses(reference: str, options: dict[str, str]) -> list[Edit]:
    found = []
    for loss, (old, line) in OTHERS.items():
        for where, sides in SIDES.items():
            for new in (line.format(**sides), DISTANCE.format(**sides)) if loss == "mae" else (line.format(**sides),):
                place = f"{where}, {'distance' if 'sum' in new else loss}"
                found.append(Edit(reference, (Replace(old, new),), options | {"loss": loss}, visible=new, where=place))
    return found


BATCHED = {
    "metric added up over tables of all pairs": "return float(sum(part.sum() for part in scored) / len({labels}))",
    "metric's tables of all pairs put together": "return float(np.concatenate(scored).mean())",
    "metric's means of tables averaged": "return float(np.mean([part.mean() for part in scored]))",
}


def pairing(score: Score) -> Score:
    """The same metric with labels in a column."""
    column = {"targets": "targets[{rows}, 0]", "labels": "labels[{rows}, None]"}[score.labels]
    return dataclasses.replace(score, share=score.share.replace(f"{score.labels}[{{rows}}]", column))


def in_metrics() -> list[Edit]:
    """Predictions against labels of another shape in the metric."""
    found = []
    for score in SCORES:
        for where, side in (("labels", score.labels), ("predictions", "")):
            new = score.whole
            if score.reference == "lstm":
                new = new.replace("- targets", "- targets[:, 0]") if side else new.replace("(x)) -", "(x))[:, 0] -")
            else:
                new = (
                    new.replace("== labels", "== labels[:, None]")
                    if side
                    else new.replace("axis=-1", "axis=-1, keepdims=True")
                )
            new = f"return float(({new}).mean())"
            place = f"metric with {where} of another shape"
            found.append(Edit(score.reference, (Replace(score.old, new),), dict(score.options), new, place, "metric"))
        for manner, last in BATCHED.items():
            change = batched(pairing(score), last.format(labels=score.labels))
            found.append(
                Edit(
                    score.reference, (change,), dict(score.options), last.format(labels=score.labels), manner, "metric"
                )
            )
    return found


BUG = Bug(
    id="targets-broadcast",
    group="shapes",
    rung="loss",
    what="Predictions of shape (B, 1) meet targets of shape (B,): their difference is a (B, B) table of every "
    "prediction against every target.",
    shows="The loss has the value of comparing all pairs: it falls to about the targets' variance and stays there, "
    "while the predictions all become the mean.",
    harm="Each prediction is pulled to all targets at once, so the model learns the mean of the targets and nothing "
    "of the inputs.",
    mend="Give both the same shape, as with `predictions[:, 0]` or `targets[:, None]`, and assert it in the loss.",
    edits=(
        *(
            Edit(reference, (Replace(SQUARED_ERROR, new),), options, visible=new, where=where)
            for reference, options in TARGETS.items()
            for where, new in MANNERS.items()
        ),
        *(edit for reference, options in TARGETS.items() for edit in other_losses(reference, options)),
        *(
            Edit(
                reference,
                (Replace(OF_ONE_UNIT, OF_ONE_UNIT_TABLE),),
                {"loss": "sigmoid", "output": "sigmoid"},
                visible=OF_ONE_UNIT_TABLE,
                where="one probability (B, 1) against labels (B,)",
            )
            for reference in ("mlp", "lstm")
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
        *in_metrics(),
    ),
    alike=("onehot-broadcast",),
)
