"""Sizes that are a field of the reference's `Config` and nothing else."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, SetField
from refkit.edits.values import whole_number
from refkit.errors import RefkitError


def size_choice(option: str, reference: str, default: int, field: str, what: str) -> Choice:
    """A whole number of the reference's `Config`."""

    def edit(value: str) -> Edit | None:
        number = whole_number(option, value)
        return (
            None if number == default else Edit(reference, (SetField(field, str(number)),), where=f"{option} {value}")
        )

    return Choice(option, reference, (str(default), "<int>"), edit, what, found_by="structure")


def image_choice(reference: str) -> Choice:
    """Height, width and channels of the picture."""

    def edit(value: str) -> Edit | None:
        sides = value.split("x")
        if len(sides) not in (2, 3) or not all(side.isdigit() and int(side) for side in sides):
            raise RefkitError(f"option `image` was given `{value}`: give height, width and channels as in `32x32x3`")
        image = tuple(map(int, (*sides, "1")[:3]))
        return (
            None if image == (28, 28, 1) else Edit(reference, (SetField("image", repr(image)),), where=f"image {value}")
        )

    return Choice(
        "image",
        reference,
        ("28x28x1", "<int>x<int>x<int>"),
        edit,
        "height, width and channels of the picture",
        found_by="structure",
    )


SIZES = (
    size_choice("features", "mlp", 30, "features", "numbers an example has"),
    size_choice("outputs", "mlp", 2, "outputs", "numbers the model gives: classes, or targets"),
    image_choice("lenet"),
    size_choice("classes", "lenet", 10, "classes", "classes"),
    size_choice("features", "lstm", 2, "features", "numbers a step has; with an embedding its width"),
    size_choice("output-size", "lstm", 1, "outputs", "numbers the readout gives: classes, or targets"),
    image_choice("multimodal"),
    size_choice("vocabulary", "multimodal", 14, "vocabulary", "word ids"),
    size_choice("embedding", "multimodal", 32, "embedding", "width of the embedding"),
    size_choice("hidden", "multimodal", 64, "hidden", "units of the LSTM's state"),
    size_choice("classes", "multimodal", 5, "classes", "classes"),
)
