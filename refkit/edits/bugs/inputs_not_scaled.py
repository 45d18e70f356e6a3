"""Raw pixel values into the first layer."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Remove
from refkit.edits.places import FIRST


def edits(reference: str) -> list[Edit]:
    first, x = FIRST[reference]
    raw = f"{x} = {x} * 255"
    return [
        Edit(reference, (Remove(f"{x} = {x} / 255"),), {"scaling": "255"}, visible=first, where="division left out"),
        Edit(reference, (Insert(first, raw, before=True),), visible=raw, where="scaled back to 0 to 255"),
    ]


BUG = Bug(
    id="inputs-not-scaled",
    group="preprocessing",
    rung="forward",
    what="Pixel values from 0 to 255 go into the first layer as they are.",
    shows="The first layer's outputs are some 255 times the reference's; the first loss is far above ln C.",
    harm="Gradients of the first layer are as much too large: training is unstable or slow, though it may still "
    "overfit.",
    mend="Divide by 255 before the model, or in it.",
    edits=(*edits("mlp"), *edits("lenet"), *edits("multimodal")),
    alike=("modality-unscaled",),
)
