"""How many convolutions there are, and their channels."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Insert, Remove, Rewrite, SetField
from refkit.edits.values import whole_numbers

AFTER_CONVOLUTIONS = {"lenet": "self.dense1 = nnx.Linear(", "multimodal": "self.embedding = nnx.Embed("}
POOL2 = "x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]"
# A statement of the constructor, on one line or on several.
CONV2 = r"^ {8}self\.conv2 = nnx\.Conv\([^\n]*\n(?: {9,}[^\n]*\n)*(?: {8}\)\n)?"


def channels_edit(reference: str, value: str) -> Edit | None:
    channels = whole_numbers("channels", value, most=6)
    if channels == (6, 16):
        return None
    changes = [SetField("channels", repr(channels))]
    if len(channels) != 2:
        # The first is padded and the second is not, as in the textbook; further ones are, or nothing would be left.
        padding = ("SAME", "VALID", *["SAME"] * len(channels))[: len(channels)]
        changes.append(SetField("padding", repr(padding)))
    if len(channels) == 1:
        changes += [
            Rewrite(CONV2, ""),
            Remove("x = self.conv2(x)"),
            Remove("x = activation(x)  # f32[batch, 10, 10, 16]"),
            Remove(POOL2),
        ]
    before = POOL2
    for k in range(3, len(channels) + 1):
        build = (
            f"self.conv{k} = nnx.Conv(config.channels[{k - 2}], config.channels[{k - 1}], window, "
            f"padding=config.padding[{k - 1}], kernel_init=init, rngs=rngs)"
        )
        run = (
            f"x = self.conv{k}(x)  # f32[batch, height, width, channels[{k - 1}]]\n"
            f"x = activation(x)  # f32[batch, height, width, channels[{k - 1}]]\n"
            f"x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, height / 2, width / 2, channels[{k - 1}]]"
        )
        changes += [Insert(AFTER_CONVOLUTIONS[reference], build, before=True), Insert(before, run)]
        before = run.splitlines()[-1]
    return Edit(reference, tuple(changes), where=f"channels {value}")


CHANNELS = tuple(
    Choice(
        "channels",
        reference,
        ("6-16", "<int>-<int>-…"),
        lambda value, reference=reference: channels_edit(reference, value),
        "channels of each convolution, one to six of them",
        found_by="structure",
    )
    for reference in AFTER_CONVOLUTIONS
)
