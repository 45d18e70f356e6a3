"""Missing values that nobody fills in."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert

MISSING = "x = np.where(x == 0, np.nan, x)"
LOST = "values[values < -0.99] = np.nan"


BUG = Bug(
    id="nan-in-data",
    group="preprocessing",
    rung="data",
    what="Some numbers of the data are missing, are read as NaN, and go into the model so.",
    shows="The first batch that has one gives a loss of NaN, and every parameter is NaN after it.",
    harm="Training is over with that step, wherever the one bad number stood.",
    mend="Fill them in or leave those examples out, and assert that all inputs are finite when data is read.",
    edits=(
        Edit(
            "mlp",
            (Insert("return x.astype(np.float32), labels.astype(np.int32)", MISSING, before=True),),
            visible=MISSING,
            where="in the data",
        ),
        Edit("lstm", (Insert("targets = 0.5 +", LOST, before=True),), visible=LOST, where="in the data"),
    ),
)
