"""A bias added along another axis than the channels."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

# Sizes that agree, so that the bias of each layer fits the wrong axis: the batch of the probe has 7 examples.
DENSE = {
    ("mlp", "dense1"): {"hidden": "7"},
    ("mlp", "outputs"): {"outputs": "7"},
    ("lenet", "dense1"): {"dense": "7-84"},
    ("lenet", "dense2"): {"dense": "120-7"},
    ("lenet", "logits"): {"classes": "7"},
}
CONVOLUTIONS = {("conv1", 0): {"channels": "28-16"}, ("conv2", 1): {"channels": "6-10"}}
CONVOLVE = (
    "jax.lax.conv_general_dilated(x, self.{name}.kernel[...], (1, 1), self.config.padding[{k}],\n"
    '                                 dimension_numbers=("NHWC", "HWIO", "NHWC"))'
)


def edits() -> list[Edit]:
    found = []
    for (reference, name), options in DENSE.items():
        new = f"x = x @ self.{name}.kernel[...] + self.{name}.bias[...][:, None]"
        change = Replace(f"x = self.{name}(x)", new)
        found.append(Edit(reference, (change,), options, visible=new, where=f"{name}, along the batch"))
        found.append(
            Edit(reference, (change,), visible=new, where=f"{name}, along another axis than its own", rung="runs")
        )
    for (name, k), options in CONVOLUTIONS.items():
        for place, index in (("along the width", "[:, None]"), ("along the height", "[:, None, None]")):
            bias = f"x = x + self.{name}.bias[...]{index}"
            new = f"x = {CONVOLVE.format(name=name, k=k)}\n{bias}"
            change = Replace(f"x = self.{name}(x)", new)
            found.append(Edit("lenet", (change,), options, visible=bias, where=f"{name}, {place}"))
    return found


BUG = Bug(
    id="bias-on-wrong-axis",
    group="shapes",
    rung="forward",
    what="A bias is added along the batch, the height or the width, where sizes happen to agree, and not along the "
    "channels.",
    shows="Nothing raises at these sizes, and another batch size does; the values depart where the bias is added.",
    harm="Examples or pixels get offsets of their own and the units get none: the layer does something else in every "
    "batch.",
    mend="Add the bias along the last axis, or shape it for the layout: `bias[:, None, None]` is for channels first.",
    edits=tuple(edits()),
)
