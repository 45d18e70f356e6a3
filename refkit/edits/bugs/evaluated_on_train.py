"""The training examples scored as the test."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Replace
from refkit.edits.scores import in_main


def change(score):
    return (Replace(score.evaluated, score.on_train),), score.on_train


BUG = Bug(
    id="evaluated-on-train",
    group="evaluation",
    rung="metric",
    what="What is called the test score is taken on the training examples.",
    shows="Test and training scores are equal or nearly so, and better than those of anybody else.",
    harm="Overfitting goes unseen: the model may fail on everything new.",
    mend="Give the metric the examples that were held out.",
    edits=tuple(in_main(change, "training examples scored as the test")),
)
