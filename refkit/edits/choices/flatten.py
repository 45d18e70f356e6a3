"""How the picture becomes a vector."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Replace, Rewrite
from refkit.edits.values import one_of

POOLED = {"global-average": "x.mean(axis=(1, 2))", "global-max": "x.max(axis=(1, 2))"}


def flatten_edit(reference: str, value: str) -> Edit | None:
    if one_of("flatten", value, ("flatten", *POOLED)) == "flatten":
        return None
    changes = (
        Replace("x.reshape(x.shape[0], -1)", POOLED[value]),
        Rewrite(r"^    return .* \* config\.channels\[-1\]$", "    return config.channels[-1]"),
    )
    return Edit(reference, changes, where=f"flatten {value}")


FLATTEN = tuple(
    Choice(
        "flatten",
        reference,
        ("flatten", *POOLED),
        lambda value, reference=reference: flatten_edit(reference, value),
        "the picture laid out as one vector, or each channel's mean or largest value",
        found_by="structure",
    )
    for reference in ("lenet", "multimodal")
)
