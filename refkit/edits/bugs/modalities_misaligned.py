"""The picture of one example with the words of another."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import given

MANNERS = {
    "words in reverse order": "words[chosen[::-1]]",
    "words shuffled by themselves": "words[np.random.default_rng(seed + 1).permutation(chosen)]",
    "words as they lie": "words[: len(chosen)]",
}


BUG = Bug(
    id="modalities-misaligned",
    group="data, labels, splits",
    rung="data",
    what="Pictures and words are put into an order each by itself, so that picture i comes with words j.",
    shows="Accuracy stays at what the modality that goes with the label gives alone.",
    harm="Whatever depends on both cannot be learned.",
    mend="Index every modality and the labels with the same permutation.",
    edits=tuple(
        Edit(
            "multimodal",
            (Replace(given("multimodal"), given("multimodal", words=changed)),),
            visible=given("multimodal", words=changed),
            where=where,
        )
        for where, changed in MANNERS.items()
    ),
)
