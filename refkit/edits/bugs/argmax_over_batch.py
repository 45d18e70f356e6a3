"""The largest output is looked for along the batch."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.scores import SCORES

CLASSES = "(model(jnp.asarray(x)).argmax(axis=0) == targets).mean()"


def edits() -> list[Edit]:
    found = []
    for score in SCORES:
        new = score.old.replace("axis=-1", "axis=0").replace("\n    ", "\n")
        options = dict(score.options)
        if score.reference == "lstm":
            options = {"loss": "cross-entropy", "output-size": "4"}
            new = f"return float({CLASSES})"
        visible = next(line for line in new.split("\n") if "argmax" in line)
        found.append(Edit(score.reference, (Replace(score.old, new),), options, visible, "largest over the examples"))
    return found


BUG = Bug(
    id="argmax-over-batch",
    group="shapes",
    rung="metric",
    what="The metric takes argmax along the batch: it asks which example has the largest output of each class.",
    shows="It raises unless there are as many examples as classes, or the score stays near zero however good the model.",
    harm="The number has nothing to do with the model's answers.",
    mend="Take argmax over the classes: `axis=-1`.",
    edits=tuple(edits()),
)
