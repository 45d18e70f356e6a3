"""What cannot be told of a decomposition because a stage is missing."""

from refkit.evaluation.decomposition import Decomposition
from refkit.evaluation.stages import IRREDUCIBLE, TEST, TEST_VAL, TRAIN, TRAIN_VAL

WITHOUT = {
    IRREDUCIBLE: "how much of the training error is avoidable: `--irreducible` takes a human's or the best known error",
    TRAIN: "bias and variance apart: that needs predictions on the training examples (`train`)",
    TRAIN_VAL: "variance and distribution shift apart: that needs held-out examples of the training distribution "
    "(`train_val`)",
    TEST_VAL: "distribution shift and validation overfitting apart: that needs held-out examples of the test's "
    "distribution (`test_val`)",
    TEST: "the test error, and whether the validation examples were overfit: that needs predictions on `test`",
}
ONE_VAL = (
    "a distribution shift: with one `val` it would be in the variance if `val` is from the test's distribution, in the "
    "validation overfitting if from the training's; where there is no shift, nothing is lost"
)


def unknown(parts: Decomposition) -> list[str]:
    """One clause for each thing that cannot be told, in the order of the stages."""
    said = [WITHOUT[name] for name in parts.missing if name in WITHOUT]
    return said + ([ONE_VAL] if parts.plain_val else [])
