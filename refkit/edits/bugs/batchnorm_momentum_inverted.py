"""PyTorch's momentum in Flax."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

NORMED = ("mlp", "lenet", "multimodal")
VISIBLE = {
    "mlp": "self.dense1_norm = nnx.BatchNorm(",
    "lenet": "self.conv1_norm = nnx.BatchNorm(",
    "multimodal": "self.conv1_norm = nnx.BatchNorm(",
}


def edit(reference: str) -> Edit:
    change = Rewrite(r"epsilon=1e-5", "epsilon=1e-5, momentum=0.1", each=True)
    return Edit(reference, (change,), {"batchnorm": "before"}, visible=VISIBLE[reference], where="momentum 0.1")


BUG = Bug(
    id="batchnorm-momentum-inverted",
    group="mode",
    rung="train-eval",
    what="The share of the new batch is given where Flax takes the share of the old statistics.",
    shows="Running statistics follow the last batch: 0.1 of the old are left after a step.",
    harm="Evaluation depends on the last few examples that were trained on.",
    mend="Give `momentum=0.9` where PyTorch has 0.1.",
    edits=tuple(edit(reference) for reference in NORMED),
)
