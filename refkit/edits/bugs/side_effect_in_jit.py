"""Something outside changed under jit."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.training import REFERENCES, STEP, UPDATE

APPEND = "history.append(loss)"


def edit(reference: str) -> Edit:
    changes = (Insert(STEP, "history = []\n\n\n", before=True), Replace(UPDATE, f"{UPDATE}\n{APPEND}"))
    return Edit(reference, changes, visible=APPEND, where="a list of losses")


BUG = Bug(
    id="side-effect-in-jit",
    group="randomness and JAX",
    rung="update",
    what="A list, a counter or an attribute from outside is changed inside of a jitted function.",
    shows="It is changed once, when JAX traces, and holds a tracer; reading it later raises or shows one entry.",
    harm="Curves and counters are wrong, and what hangs on them too.",
    mend="Return the value from the step and keep it outside.",
    edits=tuple(edit(reference) for reference in REFERENCES),
)
