"""One modality on another scale than the other."""

from refkit.edits.bug import Bug
from refkit.edits.bugs.inputs_not_scaled import in_preprocess, scaled_back
from refkit.edits.edit import Edit, Rewrite


def edit(vector: str, where: str) -> Edit:
    change = Rewrite(rf"(x = jnp\.concatenate\(\[.*)\b{vector}\b", rf"\1{vector} * 255")
    return Edit("multimodal", (change,), visible=f"{vector} * 255", where=where)


BUG = Bug(
    id="modality-unscaled",
    group="preprocessing",
    rung="forward",
    what="One modality is on a scale hundreds of times the other's where they meet.",
    shows="The merged vector has two ranges; the gradient of the small one's branch is next to nothing beside the "
    "other's.",
    harm="The model is decided by the large modality, and the other branch is hardly trained.",
    mend="Bring both to the same range before they meet: pixels divided by 255, vectors normalised.",
    edits=(
        scaled_back("multimodal"),
        edit("image_vector", "the picture's vector is 255 times as large"),
        edit("words_vector", "the words' vector is 255 times as large"),
        in_preprocess("multimodal"),
    ),
    alike=("inputs-not-scaled",),
)
