"""A rate to keep where one to drop is taken."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import DROPOUT, REFERENCES

NEW = "nnx.Dropout(1 - config.dropout, "


def edit(reference: str) -> Edit:
    changes = (Replace("nnx.Dropout(config.dropout, ", NEW),)
    return Edit(reference, changes, DROPOUT[reference], visible=NEW, where="one less the rate")


BUG = Bug(
    id="dropout-rate-inverted",
    group="mode",
    rung="train-eval",
    what="The share of units to keep is given where the share to drop is taken, or the other way round.",
    shows="With 0.9 meant to be kept, nine units in ten are dropped, and training is slow and noisy.",
    harm="The network is far more, or far less, regularised than the file says.",
    mend="Give `Dropout` the share to drop; `bernoulli` the share that is true.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    intent=True,
)
