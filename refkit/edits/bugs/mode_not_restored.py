"""Evaluation mode left on."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert

WHERE = {
    "mlp": ("predictions = model(jnp.asarray(x)).argmax(axis=-1)", "dropout", "0.5"),
    "lenet": ("predictions = model(jnp.asarray(x)).argmax(axis=-1)", "dropout", "0.5"),
}
LINE = "model.eval()"

BUG = Bug(
    id="mode-not-restored",
    group="mode",
    rung="metric",
    what="The evaluation switches the model to evaluation mode, and nothing switches it back to training.",
    shows="From the second epoch on there is no dropout, and batch normalisation no longer learns its statistics.",
    harm="All but the first epoch train another model than the one that was meant.",
    mend="Call `model.train()` after the evaluation or at the start of every epoch, or score `nnx.view(model, deterministic=True)`.",
    edits=tuple(
        Edit(reference, (Insert(anchor, LINE, before=True),), {option: value}, LINE, "evaluation mode left on")
        for reference, (anchor, option, value) in WHERE.items()
    ),
)
