"""The state of another step where the last is meant."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

LAST = {"lstm": "x = states[:, -1]", "multimodal": "words_vector = states[:, -1]"}
MANNERS = {
    "the first state": "states[:, 0]",
    "the second state": "states[:, 1]",
    "the state before the last": "states[:, -2]",
}

# The same where each sequence has its own last step.
OF_LENGTHS = "x = states[jnp.arange(x.shape[0]), lengths - 1]"

BUG = Bug(
    id="first-state-used",
    group="architecture",
    rung="forward",
    what="The readout takes the state of the first step, or of another one, where the last is meant.",
    shows="All states agree and the readout's input is another of them; inputs of later steps do not change the "
    "output.",
    harm="The first state has seen one step of the sequence, so the model cannot use the rest.",
    mend="Take the last state along the time axis: index -1, after checking which axis is time.",
    edits=(
        *(
            Edit(
                reference,
                (Replace(old, old.replace("states[:, -1]", new)),),
                visible=old.replace("states[:, -1]", new),
                where=where,
            )
            for reference, old in LAST.items()
            for where, new in MANNERS.items()
        ),
        *(
            Edit(
                "lstm",
                (Replace(OF_LENGTHS, f"x = {new}"),),
                {"lengths": "true"},
                f"x = {new}",
                f"{where}, with lengths",
            )
            for where, new in MANNERS.items()
            if new != "states[:, -2]"
        ),
    ),
    alike=("sequence-reversed", "recurrence-over-batch"),
    blames="choice",
)
