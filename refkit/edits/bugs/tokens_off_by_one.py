"""Word ids shifted by one."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import given

PLACES = {
    "lstm": ("x = self.embedding(x)", "x", {"embedding": "24x16"}),
    "multimodal": ("x = self.embedding(words)", "words", {}),
}


def edits(reference: str) -> list[Edit]:
    old, ids, options = PLACES[reference]
    manners = {
        "one too few": f"x = self.embedding({ids} - 1)",
        "one too many": f"x = self.embedding({ids} + 1)",
        "one too many, clipped": f"x = self.embedding(jnp.minimum({ids} + 1, self.config.vocabulary - 1))",
        "one too few, clipped": f"x = self.embedding(jnp.maximum({ids} - 1, 0))",
    }
    return [Edit(reference, (Replace(old, new),), options, visible=new, where=where) for where, new in manners.items()]


def in_batches(reference: str) -> Edit:
    name, options = {"lstm": ("x", {"embedding": "24x16"}), "multimodal": ("words", {})}[reference]
    line = given(reference, **{name: f"{name}[chosen] + 1"})
    return Edit(reference, (Replace(given(reference), line),), options, line, "in batches", "data")


BUG = Bug(
    id="tokens-off-by-one",
    group="preprocessing",
    rung="forward",
    what="Word ids are shifted by one against the vocabulary, so that the padding id is a real word's or the last "
    "word has none.",
    shows="The embedding's rows are those of the neighbouring words; at an end one id is out of range and gives NaN, "
    "or another row.",
    harm="Trained from scratch it costs a word and mixes padding with it; with anyone else's embedding every word is "
    "wrong.",
    mend="Count ids from 0 with 0 for padding, in the vocabulary and in the model alike.",
    edits=(*edits("lstm"), *edits("multimodal"), in_batches("lstm"), in_batches("multimodal")),
    alike=("embedding-out-of-range",),
)
