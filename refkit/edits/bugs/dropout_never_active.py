"""Dropout that no training step uses."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.training import DROPOUT, REFERENCES, gradient


def edit(reference: str) -> Edit:
    changes = (Insert(gradient(reference), "model.eval()", before=True),)
    return Edit(reference, changes, DROPOUT[reference], visible="model.eval()", where="evaluation mode in the step")


BUG = Bug(
    id="dropout-never-active",
    group="mode",
    rung="train-eval",
    what="The model has dropout, and training runs it in evaluation mode.",
    shows="Two steps on the same batch have the same loss; training and evaluation agree exactly.",
    harm="The regularisation that was asked for never takes place.",
    mend="Train in training mode: `model.train()`, `deterministic=False` or `training=True`.",
    edits=tuple(edit(reference) for reference in REFERENCES),
)
