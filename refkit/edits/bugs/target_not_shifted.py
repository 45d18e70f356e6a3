"""A next step to be predicted that is the present one."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import given

LINE = given("lstm", targets="x[chosen]")


BUG = Bug(
    id="target-not-shifted",
    group="data, labels, splits",
    rung="data",
    what="Each step's target is the step itself and not the one after it.",
    shows="The loss goes to 0 within a few steps, and what is generated repeats its input.",
    harm="The model learns to copy and predicts nothing.",
    mend="Take inputs from the first step to the last but one, and targets one step later.",
    edits=(Edit("lstm", (Replace(given("lstm"), LINE),), visible=LINE, where="the target is the input"),),
)
