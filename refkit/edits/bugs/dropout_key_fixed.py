"""One mask for ever."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.training import DROPOUT, REFERENCES, gradient

RESEED = "nnx.reseed(model, default=0)"


def edit(reference: str) -> Edit:
    changes = (Insert(gradient(reference), RESEED, before=True),)
    return Edit(reference, changes, DROPOUT[reference], visible=RESEED, where="reseeded in every step")


BUG = Bug(
    id="dropout-key-fixed",
    group="randomness and JAX",
    rung="train-eval",
    what="Every training step draws its dropout mask from the same key.",
    shows="The same units are dropped in every step; the others are never trained with them.",
    harm="The dropped units stay as they were drawn, and evaluation uses them nevertheless.",
    mend="Fold the step into the key, or split it anew for each step.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("numpy-random-in-jit", "key-reused"),
)
