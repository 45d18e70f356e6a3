"""Changes of a module that never leave jit."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import REFERENCES, STEP

JITTED = "@jax.jit  # the step"


def edit(reference: str) -> Edit:
    new = STEP.replace("@nnx.jit", JITTED)
    return Edit(reference, (Replace(STEP, new),), visible=JITTED, where="jax.jit on modules")


BUG = Bug(
    id="state-update-lost",
    group="randomness and JAX",
    rung="update",
    what="A step that changes its modules is jitted by `jax.jit`, or running statistics are not "
    "returned, so that the changes are lost.",
    shows="Parameters or statistics are after each step as they were before it, without an error.",
    harm="Nothing is learned, or evaluation uses statistics of before training.",
    mend="Use `nnx.jit` for functions that change modules; in Linen pass `mutable` and keep what comes back.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("parameters-not-updated", "batch-statistics-discarded"),
)
