"""Gradients of parts of a batch, added up."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import REFERENCES, UPDATE, gradient

HALVES = {
    "mlp": "halves = [(x[::2], labels[::2]), (x[1::2], labels[1::2])]",
    "lenet": "halves = [(x[::2], labels[::2]), (x[1::2], labels[1::2])]",
    "lstm": "halves = [(x[::2], targets[::2]), (x[1::2], targets[1::2])]",
    "multimodal": "halves = [[part[::2] for part in batch], [part[1::2] for part in batch]]",
}
SUM = "grads = jax.tree.map(lambda *leaves: sum(leaves), *(grads for _, grads in parts))"
STEP = """{halves}
parts = [nnx.value_and_grad(loss_fn)(model, *half) for half in halves]
loss = sum(loss for loss, _ in parts) / len(parts)
{sum}"""


def edit(reference: str) -> Edit:
    new = STEP.format(halves=HALVES[reference], sum=SUM)
    return Edit(reference, (Replace(gradient(reference), new),), visible=UPDATE, where="two halves of the batch")


BUG = Bug(
    id="accumulation-not-averaged",
    group="optimizer and update",
    rung="update",
    what="The gradients of several parts of a batch are added up, though each is the mean over its own part.",
    shows="The step is as many times too long as there are parts; under Adam it shows only where "
    "gradients are clipped.",
    harm="The learning rate and the threshold of clipping depend on how the batch is cut up.",
    mend="Divide the sum of the gradients by the number of parts.",
    edits=tuple(edit(reference) for reference in REFERENCES),
)
