"""Probabilities into a loss on logits."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, LAST

IN_LOSS = {
    "softmax in the loss": "nnx.softmax(logits)",
    "sigmoid in the loss": "nnx.sigmoid(logits)",
}

BUG = Bug(
    id="softmax-before-loss",
    group="loss",
    rung="loss",
    what="Probabilities go into a loss that expects logits: the softmax is taken twice.",
    shows="The loss starts near ln C as it should and cannot go below 1.461 for 10 classes, or 0.313 for 2, however good the model.",
    harm="Gradients shrink as the model becomes sure, so it learns slowly and stays unsure, with an accuracy that looks plausible.",
    mend="Return logits and leave the softmax to the loss; apply it for display alone.",
    edits=(
        *(
            Edit(
                reference,
                (Insert(f"x = self.{last}(x)", f"x = nnx.softmax(x)  # f32[batch, {last}]"),),
                CLASSES[reference],
                visible="x = nnx.softmax(x)",
                where="softmax in the model",
                rung="forward",
            )
            for reference, last in LAST.items()
        ),
        *(
            Edit(
                reference,
                (Replace(CROSS_ENTROPY, CROSS_ENTROPY.replace("(logits,", f"({what},")),),
                options,
                visible=CROSS_ENTROPY.replace("(logits,", f"({what},"),
                where=where,
            )
            for reference, options in CLASSES.items()
            for where, what in IN_LOSS.items()
        ),
    ),
)
