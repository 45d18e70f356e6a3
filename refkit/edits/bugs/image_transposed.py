"""Height and width exchanged."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.parts import PREPROCESS
from refkit.edits.places import FIRST


def edits(reference: str) -> list[Edit]:
    first, x = FIRST[reference]
    manners = {
        "height and width exchanged": f"{x} = {x}.swapaxes(1, 2)",
        "upside down": f"{x} = {x}[:, ::-1]",
        "mirrored": f"{x} = {x}[:, :, ::-1]",
    }
    return [
        Edit(reference, (Insert(first, line, before=True),), visible=line, where=where)
        for where, line in manners.items()
    ]


def in_preprocess(reference: str) -> list[Edit]:
    manners = {
        "height and width exchanged": "images = images.swapaxes(1, 2)",
        "upside down": "images = images[:, ::-1]",
        "mirrored": "images = images[:, :, ::-1]",
        "rolled sideways": "images = np.roll(images, 5, axis=2)",
    }
    return [
        Edit(
            reference,
            (Insert(PREPROCESS[reference], line, before=True),),
            visible=line,
            where=f"in preprocess, {where}",
            rung="data",
        )
        for where, line in manners.items()
    ]


BUG = Bug(
    id="image-transposed",
    group="preprocessing",
    rung="forward",
    what="The picture lies on its side or is mirrored: height and width are exchanged, or an axis runs backwards.",
    shows="Every value is there, in another place; what is trained works, and pictures from elsewhere or pretrained "
    "kernels do not fit.",
    harm="It goes unnoticed until the model meets pictures the right way round, and is then wrong on them.",
    mend="Look at one picture as the model gets it, and keep to height, width, channels.",
    edits=(*edits("lenet"), *edits("multimodal"), *in_preprocess("lenet"), *in_preprocess("multimodal")),
)
