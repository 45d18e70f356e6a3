"""The order in which picture and words are joined."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Replace
from refkit.edits.values import one_of


def merge_edit(value: str) -> Edit | None:
    if one_of("merge", value, ("image-words", "words-image")) == "image-words":
        return None
    return Edit(
        "multimodal", (Replace("[image_vector, words_vector]", "[words_vector, image_vector]"),), where=f"merge {value}"
    )


MERGE = (
    Choice(
        "merge",
        "multimodal",
        ("image-words", "words-image"),
        merge_edit,
        "which of the two comes first when they are joined",
    ),
)
