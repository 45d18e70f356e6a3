"""The hidden state without the cell state's tanh."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

H = "h = o * activation(c)"
MANNERS = {"no tanh": "h = o * c", "tanh after the output gate": "h = activation(o * c)"}

BUG = Bug(
    id="cell-tanh-missing",
    group="architecture",
    rung="forward",
    what="The hidden state is the output gate times the cell state itself: its tanh is missing, or stands outside "
    "the product.",
    shows="All gates and the cell state agree; the hidden state departs, and leaves the range from -1 to 1 as the "
    "cell state grows.",
    harm="The cell state can grow with every step, and unsquashed it saturates the next step's gates and the layer "
    "above.",
    mend="Write h = o · tanh(c).",
    edits=tuple(
        Edit(reference, (Replace(H, new),), visible=new, where=where)
        for reference in ("lstm", "multimodal")
        for where, new in MANNERS.items()
    ),
)
