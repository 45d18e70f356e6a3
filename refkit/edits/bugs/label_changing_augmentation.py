"""Augmentation after which the label is wrong."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import given


def edits(reference: str) -> list[Edit]:
    name = {"lenet": "x", "multimodal": "image"}[reference]
    manners = {
        "mirrored at random": f"{name}[chosen][:, :, :: 1 - 2 * (seed % 2)]",
        "upside down at random": f"{name}[chosen][:, :: 1 - 2 * ((seed + 1) % 2)]",
        "turned at random": f"np.rot90({name}[chosen], seed + 1, (1, 2))",
    }
    return [
        Edit(
            reference,
            (Replace(given(reference), given(reference, **{name: changed})),),
            visible=given(reference, **{name: changed}),
            where=where,
        )
        for where, changed in manners.items()
    ]


BUG = Bug(
    id="label-changing-augmentation",
    group="preprocessing",
    rung="data",
    what="Pictures are mirrored or turned though that makes another class of them, or none: a 6 becomes a 9.",
    shows="Training accuracy stays low while the loss of some classes does not fall; those confused are each "
    "other's mirror image.",
    harm="Part of the training labels is wrong, and the model learns to be unsure between such classes.",
    mend="Leave out flips and large turns for digits and letters; small shifts, turns and noise keep the class.",
    edits=(*edits("lenet"), *edits("multimodal")),
    alike=("image-transposed",),
)
