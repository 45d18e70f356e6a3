"""One modality on another scale than the other."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

JOINED = "[image_vector, words_vector]"


def edit(new: str, where: str) -> Edit:
    return Edit("multimodal", (Replace(JOINED, new),), visible=new, where=where)


BUG = Bug(
    id="modality-unscaled",
    group="preprocessing",
    rung="forward",
    what="One modality is on a scale hundreds of times the other's where they meet.",
    shows="The merged vector has two ranges; the gradient of the small one's branch is next to nothing beside the other's.",
    harm="The model is decided by the large modality, and the other branch is hardly trained.",
    mend="Bring both to the same range before they meet: pixels divided by 255, vectors normalised.",
    edits=(
        edit("[image_vector * 255, words_vector]", "the picture's vector is 255 times as large"),
        edit("[image_vector, words_vector * 255]", "the words' vector is 255 times as large"),
    ),
    alike=("inputs-not-scaled",),
)
