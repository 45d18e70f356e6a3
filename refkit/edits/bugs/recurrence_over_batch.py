"""Time and batch exchanged."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove, Replace

ZEROS = "zeros = jnp.zeros((x.shape[0], cell.config.hidden))"
WRONG_ZEROS = "zeros = jnp.zeros((x.shape[1], cell.config.hidden))"
SWAP, BACK = "x = x.swapaxes(0, 1)", "return states.swapaxes(0, 1)"
SCAN = "_, states = jax.lax.scan("
RUN = "states = run(self.cell, x)"
ONE = "states = run(self.cell, x.swapaxes(0, 1)).swapaxes(0, 1)"
EXCHANGED = (Replace(ZEROS, WRONG_ZEROS), Remove(SWAP), Replace(BACK, "return states"))

BUG = Bug(
    id="recurrence-over-batch",
    group="shapes",
    rung="forward",
    what="The recurrence runs over the examples of the batch, with the time steps side by side: the two axes are "
    "exchanged.",
    shows="The first step in time agrees with nothing but the first example; changing one example changes the "
    "outputs of those after it.",
    harm="The network remembers the previous example where it should remember the previous step: what it learns "
    "depends on the order of the batch.",
    mend="Hand the scan its sequence with time first, or tell the recurrent layer which axis is time.",
    edits=tuple(
        edit
        for reference in ("lstm", "multimodal")
        for edit in (
            Edit(reference, EXCHANGED, visible=SCAN, where="the scan over examples"),
            Edit(reference, (Replace(RUN, ONE),), visible=ONE, where="the first layer's scan over examples"),
        )
    ),
    alike=("vmap-on-wrong-axis",),
)
