"""Every step starts anew."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

STEP = "return (c, h), h"
CALL = "c, h = cell(*state, x_t)"
# What the next step gets in place of (c, h); the state of zeros that the scan begins with is what each step is given.
MANNERS = {
    "neither state is carried": (Replace(STEP, "return state, h"), "return state, h"),
    "the cell state is not carried": (Replace(STEP, "return (state[0], h), h"), "return (state[0], h), h"),
    "the hidden state is not carried": (Replace(STEP, "return (c, state[1]), h"), "return (c, state[1]), h"),
}

BUG = Bug(
    id="state-not-carried",
    group="architecture",
    rung="forward",
    what="A step's state does not reach the next: each step, or one of its two states, starts from zeros.",
    shows="The first time step agrees and the second departs; inputs of earlier steps do not change the output at all.",
    harm="Without its state the network has no memory: it answers from the last step alone.",
    blames="start",
    mend="Return the new state from the step and hand it to the next one.",
    edits=tuple(
        Edit(reference, (change,), visible=visible, where=where)
        for reference in ("lstm", "multimodal")
        for where, (change, visible) in MANNERS.items()
    ),
)
