"""Word ids past the vocabulary."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.parts import given

BUILD = {
    "lstm": ("nnx.Embed(config.vocabulary, ", "x = self.embedding(x)", "x", {"embedding": "24x16"}),
    "multimodal": ("nnx.Embed(config.vocabulary, ", "x = self.embedding(words)", "words", {}),
}


def edits(reference: str) -> list[Edit]:
    build, call, ids, options = BUILD[reference]
    smaller = Replace(build, "nnx.Embed(config.vocabulary - 1, ")
    clipped = f"x = self.embedding.embedding[...][{ids}]"
    shifted, shifted_clipped = f"x = self.embedding({ids} + 1)", f"x = self.embedding.embedding[...][{ids} + 1]"
    return [
        Edit(
            reference, (Replace(call, shifted),), options, visible=shifted, where="ids one too many, NaN for the last"
        ),
        Edit(
            reference, (Replace(call, shifted_clipped),), options, shifted_clipped, "ids one too many, the last clipped"
        ),
        Edit(reference, (smaller,), options, visible=call, where="one word too few, NaN for the last id"),
        Edit(reference, (smaller, Replace(call, clipped)), options, clipped, "one word too few, the last id clipped"),
    ]


def in_batches(reference: str) -> Edit:
    name, options = {"lstm": ("x", {"embedding": "24x16"}), "multimodal": ("words", {})}[reference]
    line = given(reference, **{name: f"np.where({name}[chosen] == {name}.max(), {name}.max() + 1, {name}[chosen])"})
    return Edit(
        reference, (Replace(given(reference), line),), options, line, "in batches, the last id one too many", "data"
    )


BUG = Bug(
    id="embedding-out-of-range",
    group="initialisation",
    rung="forward",
    what="Some word ids are past the embedding's last row: it has too few rows, or the ids are too high.",
    shows="Indexing gives the last row in silence, `nnx.Embed` and `jnp.take` give NaN, and an id of -1 gives the "
    "last row.",
    harm="Rare words share one row without a word of warning, or one of them makes the whole batch NaN.",
    mend="Make the embedding as large as the largest id plus one, and check the ids when data is read.",
    edits=(*edits("lstm"), *edits("multimodal"), in_batches("lstm"), in_batches("multimodal")),
    alike=("tokens-off-by-one",),
)
