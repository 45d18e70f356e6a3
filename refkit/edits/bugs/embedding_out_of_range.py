"""Word ids past the vocabulary."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

BUILD = {
    "lstm": ("nnx.Embed(config.vocabulary, ", "x = self.embedding(x)", "x", {"embedding": "24x16"}),
    "multimodal": ("nnx.Embed(config.vocabulary, ", "x = self.embedding(words)", "words", {}),
}


def edits(reference: str) -> list[Edit]:
    build, call, ids, options = BUILD[reference]
    smaller = Replace(build, "nnx.Embed(config.vocabulary - 1, ")
    clipped = f"x = self.embedding.embedding[...][{ids}]"
    return [
        Edit(reference, (smaller,), options, visible=call, where="one word too few, NaN for the last id"),
        Edit(reference, (smaller, Replace(call, clipped)), options, clipped, "one word too few, the last id clipped"),
    ]


BUG = Bug(
    id="embedding-out-of-range",
    group="initialisation",
    rung="forward",
    what="The embedding has fewer rows than there are word ids.",
    shows="Indexing gives the last row in silence, `nnx.Embed` and `jnp.take` give NaN, and an id of -1 gives the last row.",
    harm="Rare words share one row without a word of warning, or one of them makes the whole batch NaN.",
    mend="Make the embedding as large as the largest id plus one, and check the ids when data is read.",
    edits=(*edits("lstm"), *edits("multimodal")),
    alike=("tokens-off-by-one",),
)
