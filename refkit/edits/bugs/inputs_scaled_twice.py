"""Inputs divided by their range once more."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.parts import PREPROCESS
from refkit.edits.places import FIRST


def edits(reference: str) -> list[Edit]:
    first, x = FIRST[reference]
    scaled, again = f"{x} = {x} / 255.0", f"{x} = {x} / 255.0"
    twice = "scaled in the model as well as before it"
    return [
        Edit(reference, (Insert(first, scaled, before=True),), visible=scaled, where=twice),
        Edit(reference, (Insert(first, again, before=True),), {"scaling": "255"}, again, "scaled in the model twice"),
    ]


def in_preprocess(reference: str) -> Edit:
    twice = {
        "mlp": "return (((x - mean) / np.maximum(deviation, 1e-8) - mean) / np.maximum(deviation, 1e-8)).astype(np.float32)"
    }
    line = twice.get(reference, "return images.astype(np.float32) / 255 / 255")
    return Edit(reference, (Replace(PREPROCESS[reference], line),), visible=line, where="in preprocess", rung="data")


BUG = Bug(
    id="inputs-scaled-twice",
    group="preprocessing",
    rung="forward",
    what="Inputs are divided by 255 twice: before the model and in it.",
    shows="The first layer's input is at most 1/255; the loss starts at ln C and falls late.",
    harm="The inputs are next to zero, so the first layer has to grow its weights a hundredfold before anything is "
    "learned.",
    mend="Scale in one place, in preprocess or in the model.",
    edits=(*edits("mlp"), *edits("lenet"), *edits("multimodal"), *map(in_preprocess, ("mlp", "lenet", "multimodal"))),
    alike=("scaling",),
)
