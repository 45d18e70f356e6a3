"""Words instead of numbers as the LSTM's input."""

from refkit.edits.choice import Choice
from refkit.edits.edit import AddField, Edit, Insert, Replace, SetField
from refkit.errors import RefkitError

ASSERTION = "chex.assert_shape(x, (None, None, self.config.features))"


def embedding_edit(value: str) -> Edit | None:
    if value == "none":
        return None
    vocabulary, _, width = value.partition("x")
    if not (vocabulary.isdigit() and width.isdigit() and int(vocabulary) and int(width)):
        raise RefkitError(
            f"option `embedding` was given `{value}`: give the number of word ids and the width as in `50x32`"
        )
    changes = (
        SetField("features", str(int(width))),
        AddField("vocabulary", "int", str(int(vocabulary))),
        Insert(
            "self.cell = LSTMCell(",
            "self.embedding = nnx.Embed(config.vocabulary, config.features, rngs=rngs)",
            before=True,
        ),
        Replace(ASSERTION, "chex.assert_rank(x, 2)"),
        Insert("states = run(self.cell, x)", "x = self.embedding(x)  # f32[batch, time, features]", before=True),
    )
    return Edit("lstm", changes, where=f"embedding {value}")


EMBEDDING = (
    Choice(
        "embedding",
        "lstm",
        ("none", "<int>x<int>"),
        embedding_edit,
        "word ids and width of an embedding: the input is then `i32[batch, time]`",
        found_by="structure",
    ),
)
