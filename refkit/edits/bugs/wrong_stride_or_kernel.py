"""A window or a stride other than the layer's own."""

from refkit.edits.bug import Bug
from refkit.edits.choices.stages import SetStage
from refkit.edits.edit import Edit, Replace, Rewrite

POOLS = {
    1: "x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 14, 14, 6]",
    2: "x = pool(x, (2, 2), strides=(2, 2))  # f32[batch, 5, 5, 16]",
}
CALLS = {
    "lenet": {1: "x = self.conv1(x)", 2: "x = self.conv2(x)"},
    "multimodal": {1: "x = self.conv1(image)", 2: "x = self.conv2(x)"},
}


def pool_change(k: int, window: int, stride: int, padding: str = "") -> tuple[tuple, str]:
    """Another window for the k-th pooling, and its line."""
    extra = f', padding="{padding}"' if padding else ""
    new = POOLS[k].replace("(2, 2), strides=(2, 2)", f"({window}, {window}), strides=({stride}, {stride}){extra}")
    stage = SetStage(f"pool{k}", str(window), str(stride), f'"{padding}"' if padding else "")
    return (Replace(POOLS[k], new), stage), new


def pool_edits(reference: str) -> list[Edit]:
    edits = []
    for window, stride, padding in ((2, 1, ""), (2, 1, "SAME"), (3, 2, ""), (3, 3, ""), (3, 1, ""), (1, 2, "")):
        changes = {k: pool_change(k, window, stride, padding) for k in POOLS}
        what = f"window {window} at stride {stride}{' padded' if padding else ''}"
        for k, (change, visible) in changes.items():
            edits.append(Edit(reference, change, visible=visible, where=f"pooling {k} with {what}"))
        edits.append(
            Edit(reference, changes[1][0] + changes[2][0], visible=changes[1][1], where=f"both poolings with {what}")
        )
    return edits


MANNERS = {
    "stride 2": ("strides=2, ", {"stride": "2"}),
    "dilation 2": ("kernel_dilation=2, ", {"window": "2 * config.kernel - 1"}),
}


def every_convolution(reference: str) -> list[Edit]:
    edits = []
    for name, (how, stage) in MANNERS.items():
        change = Rewrite(r"(self\.conv\d = nnx\.Conv\([^=]*?)padding=", rf"\1{how}padding=", each=True)
        stages = (SetStage("conv1", **stage), SetStage("conv2", **stage))
        visible = CALLS[reference][1]
        edits.append(Edit(reference, (change, *stages), visible=visible, where=f"both convolutions with {name}"))
    return edits


def convolution_edits(reference: str) -> list[Edit]:
    edits = []
    for k, call in CALLS[reference].items():
        for name, (how, stage) in MANNERS.items():
            change = Rewrite(rf"(self\.conv{k} = nnx\.Conv\([^=]*?)padding=", rf"\1{how}padding=")
            changes = (change, SetStage(f"conv{k}", **stage))
            edits.append(Edit(reference, changes, visible=call, where=f"conv{k} with {name}"))
        for window in (1, 3, 7):
            change = Rewrite(rf"(self\.conv{k} = nnx\.Conv\([^=]*?), window,", rf"\1, ({window}, {window}),")
            edits.append(
                Edit(
                    reference,
                    (change, SetStage(f"conv{k}", window=str(window))),
                    visible=call,
                    where=f"conv{k} with a window of {window}",
                    rung="structure",
                )
            )
    return edits


BUG = Bug(
    id="wrong-stride-or-kernel",
    group="architecture",
    rung="forward",
    what="A pooling or convolution moves by another stride, is dilated, or has another window than the layer is "
    "meant to have: a pooling left at its default stride of 1, say.",
    shows="The line's output has another size than the reference's, and with it the first dense layer's kernel.",
    harm="A pooling at stride 1 blurs without making the picture smaller; too large a stride throws pixels away "
    "unseen.",
    mend="State window and stride at the call; pooling functions of Flax move by 1 unless told otherwise.",
    edits=tuple(
        edit
        for reference in CALLS
        for edit in (*pool_edits(reference), *convolution_edits(reference), *every_convolution(reference))
    ),
    alike=("layer-omitted",),
)
