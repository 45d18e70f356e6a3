"""A softmax over a single output."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.places import LAST, SIGMOID, TARGETS

SOFTMAX = "x = nnx.softmax(x)"
INSIDE = "losses = optax.softmax_cross_entropy(logits, labels[..., None].astype(logits.dtype))"


def edits(reference: str) -> list[Edit]:
    binary = {"loss": "sigmoid"}
    last = f"x = self.{LAST[reference]}(x)"
    insert = Insert(last, f"{SOFTMAX}  # f32[batch, 1]")
    sigmoid = Replace("x = nnx.sigmoid(x)", SOFTMAX)
    only = "softmax of the one output"
    return [
        Edit(reference, (sigmoid,), binary | {"output": "sigmoid"}, SOFTMAX, "softmax for the sigmoid", "forward"),
        Edit(reference, (insert,), binary, visible=SOFTMAX, where=only, rung="forward"),
        *(
            Edit(reference, (insert,), options, visible=SOFTMAX, where=only, rung="forward")
            for options in (TARGETS.get(reference),)
            if options is not None
        ),
        Edit(
            reference, (Replace(SIGMOID, INSIDE),), binary, visible=INSIDE, where="softmax cross-entropy of one logit"
        ),
    ]


BUG = Bug(
    id="softmax-on-one-unit",
    group="loss",
    rung="loss",
    what="A softmax is taken over a single output.",
    shows="The output is 1 for every input and the gradient is 0 everywhere; the accuracy is the share of one class.",
    harm="A softmax makes its outputs sum to 1, so one output alone can only be 1: nothing is learned.",
    mend="Use a sigmoid on one unit, or two units with the softmax.",
    edits=tuple(edit for reference in LAST for edit in edits(reference)),
    alike=("softmax-before-loss",),
)
