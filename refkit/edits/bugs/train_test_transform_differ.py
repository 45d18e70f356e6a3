"""Training and test examples scaled differently."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import PREPROCESS

SIGNATURE = "def preprocess(images: np.ndarray) -> np.ndarray:"
FLAGGED = "def preprocess(images: np.ndarray, training: bool = False) -> np.ndarray:"
CENTRED = "return images.astype(np.float32) / 127.5 - 1 if training else images.astype(np.float32) / 255"
LOADED = "return split(*breast_cancer())"
BY_MAXIMUM = "return [train, (test[0] / test[0].max(axis=0), test[1])]"

BUG = Bug(
    id="train-test-transform-differ",
    group="preprocessing",
    rung="data",
    what="Training examples are scaled in one way and test examples in another, or one of the two not at all.",
    shows="Training goes well and the test score is near chance, or far below what validation on training inputs gives.",
    harm="The model is judged on inputs such as it has never seen, so the score says nothing of what it learned.",
    mend="Use one function, with the training set's statistics, for every split.",
    edits=(
        *(
            Edit(
                reference,
                (Replace(SIGNATURE, FLAGGED), Replace(PREPROCESS[reference], CENTRED)),
                visible=CENTRED,
                where="in preprocess",
            )
            for reference in ("lenet", "multimodal")
        ),
        Edit(
            "mlp",
            (Replace(LOADED, "train, test = split(*breast_cancer())\n" + BY_MAXIMUM),),
            visible=BY_MAXIMUM,
            where="in load_data",
        ),
    ),
)
