"""What the model does to its input before its first layer."""

import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Insert
from refkit.edits.values import one_of

SCALINGS = {
    "255": "{x} / 255",
    "256": "{x} / 256",
    "127.5": "{x} / 127.5 - 1",
    "centred": "{x} - 0.5",
    "symmetric": "({x} - 0.5) / 0.5",
    "mnist": "({x} - 0.1307) / 0.3081",
    "255-centred": "{x} / 255 - 0.5",
    "255-mnist": "({x} / 255 - 0.1307) / 0.3081",
}
DIVIDED = re.compile(r"/ ?(255|256|127\.5)\b")
UNIT = re.compile(r"\[0(\.0?)?, ?1(\.0?)?\]|\b0 ?(to|\.\.+|-|–) ?1\b|already (scaled|normali[sz]ed)", re.I)
BYTES = re.compile(r"\[0, ?255\]|\b0 ?(to|\.\.+|-|–) ?255\b|u?int8|\bbytes?\b|raw (pixel|image)", re.I)
# The first line that takes the input, its name, and the axes of one example.
FIRST = {
    "mlp": ("x = self.dense1(x)", "x", "-1", "f32[batch, 30]"),
    "lenet": ("x = self.conv1(x)", "x", "(1, 2, 3)", "f32[batch, 28, 28, 1]"),
    "lstm": ("states = run(self.cell, x)", "x", "(1, 2)", "f32[batch, 20, 2]"),
    "multimodal": ("x = self.conv1(image)", "image", "(1, 2, 3)", "f32[batch, 28, 28, 1]"),
}


def scaling_edit(reference: str, value: str) -> Edit | None:
    one_of("scaling", value, ("none", *SCALINGS, "standardised"))
    if value == "none":
        return None
    line, x, axes, shape = FIRST[reference]
    if value == "standardised":
        new = (
            f"mean, deviation = {x}.mean(axis={axes}, keepdims=True), {x}.std(axis={axes}, keepdims=True)  "
            "# f32[batch, 1]\n"
            f"{x} = ({x} - mean) / (deviation + 1e-8)  # {shape}"
        )
    else:
        new = f"{x} = {SCALINGS[value].format(x=x)}  # {shape}"
    return Edit(reference, (Insert(line, new, before=True),), where=f"scaling {value}")


def is_scaled_before(value: str, source: str) -> bool:
    """Whether a file that scales bytes in its model says of them that they are scaled, or scales them elsewhere, too."""
    if value.partition("-")[0] not in ("255", "256", "127.5"):
        return False
    divisions = {line.strip() for line in source.splitlines() if DIVIDED.search(line.partition("#")[0])}
    return len(divisions) > 1 or bool(UNIT.search(source)) and not BYTES.search(source)


SCALING = tuple(
    Choice(
        "scaling",
        reference,
        ("none", *SCALINGS, "standardised"),
        lambda value, reference=reference: scaling_edit(reference, value),
        "what the model does to its input first; `standardised` is by each example's own mean and deviation",
        denied=is_scaled_before,
    )
    for reference in FIRST
)
