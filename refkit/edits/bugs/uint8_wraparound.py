"""Bytes subtracted from bytes."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.parts import PREPROCESS


def edit(reference: str) -> Edit:
    line = "images = images - images.mean(axis=0).astype(np.uint8)"
    return Edit(reference, (Insert(PREPROCESS[reference], line, before=True),), visible=line, where="in preprocess")


BUG = Bug(
    id="uint8-wraparound",
    group="preprocessing",
    rung="data",
    what="The mean is subtracted while the pixels are still bytes, and what falls below 0 comes out near 255.",
    shows="Dark pixels come out as bright ones; a picture of the result has white specks in its dark parts.",
    harm="Neighbouring grey levels are at opposite ends of the range, and no threshold on a pixel means anything.",
    mend="Cast to float first, then subtract and divide.",
    edits=(edit("lenet"), edit("multimodal")),
)
