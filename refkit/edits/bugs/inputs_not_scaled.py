"""Raw pixel values into the first layer."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Remove, Replace
from refkit.edits.parts import PREPROCESS
from refkit.edits.places import FIRST


def left_out(reference: str) -> Edit:
    first, x = FIRST[reference]
    return Edit(reference, (Remove(f"{x} = {x} / 255"),), {"scaling": "255"}, visible=first, where="division left out")


def scaled_back(reference: str) -> Edit:
    """Multiplied by 255; beside words that are not, it is known as `modality-unscaled`."""
    first, x = FIRST[reference]
    raw = f"{x} = {x} * 255"
    return Edit(reference, (Insert(first, raw, before=True),), visible=raw, where="scaled back to 0 to 255")


def in_preprocess(reference: str) -> Edit:
    raw = {"mlp": "return (x - mean).astype(np.float32)"}.get(reference, "return images.astype(np.float32)")
    return Edit(reference, (Replace(PREPROCESS[reference], raw),), visible=raw, where="in preprocess", rung="data")


BUG = Bug(
    id="inputs-not-scaled",
    group="preprocessing",
    rung="forward",
    what="Pixel values from 0 to 255 go into the first layer as they are.",
    shows="The first layer's outputs are some 255 times the reference's; the first loss is far above ln C.",
    harm="Gradients of the first layer are as much too large: training is unstable or slow, though it may still "
    "overfit.",
    mend="Divide by 255 before the model, or in it.",
    edits=(
        left_out("mlp"),
        scaled_back("mlp"),
        left_out("lenet"),
        scaled_back("lenet"),
        left_out("multimodal"),
        *map(in_preprocess, ("mlp", "lenet", "multimodal")),
    ),
    alike=("modality-unscaled",),
)
