"""Mean and deviation over training and test examples together."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import PREPROCESS

TAKEN = "mean, deviation = train_x.mean(axis=0), train_x.std(axis=0)"
JOINED = "both = np.concatenate([train_x, x])"
OF_BOTH = (
    "both = np.concatenate([train, sequences])\n"
    "mean, deviation = both.mean(axis=(0, 1)), both.std(axis=(0, 1))\n"
    "return ((sequences - mean) / deviation).astype(np.float32)"
)
IN_LOAD = "return split(*breast_cancer())"
EARLY = (
    "x, labels = breast_cancer()\n"
    "x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)\n"
    "return split(x, labels)"
)


BUG = Bug(
    id="statistics-from-test",
    group="preprocessing",
    rung="data",
    what="Mean and deviation are taken over training and test examples together.",
    shows="The training examples alone do not have mean 0 and deviation 1; the test score is a little too good.",
    harm="What is to be unknown has shaped the inputs, so the score on it no longer says how the model does on new"
    " data.",
    mend="Split first, take mean and deviation from the training examples, and use them for both.",
    edits=(
        Edit(
            "mlp",
            (Replace(TAKEN, JOINED + "\nmean, deviation = both.mean(axis=0), both.std(axis=0)"),),
            visible=JOINED,
            where="in preprocess",
        ),
        Edit(
            "mlp",
            (Replace(IN_LOAD, EARLY),),
            visible="x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)",
            where="before the split",
        ),
        Edit(
            "lstm",
            (
                Replace(
                    "def preprocess(sequences: np.ndarray)", "def preprocess(sequences: np.ndarray, train: np.ndarray)"
                ),
                Replace(PREPROCESS["lstm"], OF_BOTH),
            ),
            visible="both = np.concatenate([train, sequences])",
            where="in preprocess",
        ),
    ),
)
