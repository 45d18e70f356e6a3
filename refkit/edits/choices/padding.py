"""Cells of zeros around the picture before a convolution."""

import dataclasses

from refkit.edits.choice import Choice
from refkit.edits.choices.stages import UnrollStages, count_convolutions
from refkit.edits.edit import Edit, SetField
from refkit.errors import RefkitError


@dataclasses.dataclass(frozen=True)
class SetPadding:
    """One word or number for every convolution, or one for each."""

    paddings: tuple[str | int, ...]

    def apply(self, source: str) -> str:
        count = count_convolutions(source)
        # The last word holds for all further convolutions.
        paddings = (*self.paddings, *[self.paddings[-1]] * count)[:count]
        if any(isinstance(padding, int) for padding in paddings):
            source = UnrollStages().apply(source)
        return SetField("padding", repr(paddings)).apply(source)


def padding_edit(reference: str, value: str) -> Edit | None:
    paddings = []
    for word in value.split("-"):
        if word not in ("same", "valid") and not word.isdigit():
            raise RefkitError(
                f"option `padding` was given `{value}`: give `same`, `valid` or a number of cells, "
                "for all convolutions or joined for each, as in `same-valid`"
            )
        paddings.append(int(word) if word.isdigit() else word.upper())
    if value == "same-valid":
        return None
    return Edit(reference, (SetPadding(tuple(paddings)),), where=f"padding {value}")


PADDING = tuple(
    Choice(
        "padding",
        reference,
        ("same-valid", "same", "valid", "valid-same", "<int>", "<word>-<word>-…"),
        lambda value, reference=reference: padding_edit(reference, value),
        "padding of the convolutions: `same`, `valid` or a number of cells; one for all, or one for each",
    )
    for reference in ("lenet", "multimodal")
)
