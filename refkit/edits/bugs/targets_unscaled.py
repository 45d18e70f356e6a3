"""Targets in the thousands."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

IN_THOUSANDS = "targets = 1000 * (0.5 + (values * marks).sum(axis=1, keepdims=True) / 4)"
PRICES = "return x.astype(np.float32), (1000 + 500 * labels[:, None]).astype(np.float32)"


BUG = Bug(
    id="targets-unscaled",
    group="preprocessing",
    rung="data",
    what="Targets of a regression are in the hundreds or thousands, and the output begins near 0.",
    shows="The first loss is the targets' square, a million or so; it falls for long while the biases alone move.",
    harm="Gradients are as much too large, and the rate that suits them suits nothing else.",
    mend="Standardise the targets by the training set's mean and deviation, and turn predictions back for the report.",
    edits=(
        Edit(
            "lstm",
            (Replace("targets = 0.5 + (values * marks).sum(axis=1, keepdims=True) / 4", IN_THOUSANDS),),
            visible=IN_THOUSANDS,
            where="in the data",
        ),
        Edit(
            "mlp",
            (Replace("return x.astype(np.float32), labels.astype(np.int32)", PRICES),),
            {"loss": "mse", "outputs": "1"},
            PRICES,
            "in the data",
        ),
    ),
)
