"""Augmentation of the examples that are only to be judged."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.parts import PREPROCESS


def edits(reference: str) -> list[Edit]:
    manners = {
        "shifted at random": "images = np.roll(images, np.random.default_rng().integers(-2, 3), axis=2)",
        "noise added": "images = images + np.random.default_rng().normal(0, 8, images.shape)",
    }
    return [
        Edit(reference, (Insert(PREPROCESS[reference], line, before=True),), visible=line, where=where)
        for where, line in manners.items()
    ]


BUG = Bug(
    id="augmented-at-evaluation",
    group="preprocessing",
    rung="data",
    what="The random changes that are to make training examples more varied are made to test examples, too.",
    shows="Two evaluations of the same model give different scores; the same picture comes out otherwise each time.",
    harm="The score is of harder pictures than the real ones, and is another at every evaluation.",
    mend="Augment the training batches alone, behind a flag or in a function of their own.",
    edits=(*edits("lenet"), *edits("multimodal")),
)
