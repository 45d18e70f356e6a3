"""What the field guide recommends once the simple model works: named, not built."""

LATER = {
    "lenet": "a ResNet",
    "lstm": "attention (a small Transformer), a WaveNet-like model, or temporal convolutions",
    "mlp": "more and wider layers, or what the problem itself suggests",
    "multimodal": "a ResNet for the picture, attention for the words and between the two",
}
FLAT_SQUARE = (
    "{count} numbers are {side}×{side}: if they are pictures, save them as [examples, {side}, {side}] for `lenet`"
)


def later(reference: str) -> str:
    return LATER[reference]


def flat_pictures(count: int) -> str:
    """A hint for rows that may be pictures laid flat; empty where they are none."""
    side = round(count**0.5)
    return FLAT_SQUARE.format(count=count, side=side) if side * side == count and side >= 16 else ""
