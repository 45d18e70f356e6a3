"""A layer without bias."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite
from refkit.edits.places import LAYERS, Layer


def one_layer(layer: Layer) -> Edit:
    change = Rewrite(rf"(self\.{layer.name} = nnx\.(?:Conv|Linear)\([^=]*?)(\w+=)", r"\1use_bias=False, \2")
    return Edit(layer.reference, (change,), layer.options, visible=layer.call, where=layer.name)


def all_layers(reference: str, kind: str, where: str, visible: str) -> Edit:
    change = Rewrite(rf"(self\.\w+ = nnx\.{kind}\([^=]*?)(\w+=)", r"\1use_bias=False, \2", each=True)
    return Edit(reference, (change,), visible=visible, where=where)


def gates(reference: str) -> Edit:
    change = Rewrite(r"(from_x = lambda: nnx\.Linear\([^=]*?)(\w+=)", r"\1use_bias=False, \2")
    return Edit(reference, (change,), visible="i = nnx.sigmoid(", where="the LSTM's gates")


BUG = Bug(
    id="missing-bias",
    group="architecture",
    rung="structure",
    what="A layer has no bias.",
    shows="One parameter leaf fewer than in the reference; the values depart at the layer's line by a constant a unit.",
    harm="The layer's hyperplanes all pass through the origin, which inputs that are not centred pay for. (Right only where a "
    "normalisation with a shift of its own follows.)",
    mend="Give the layer its bias, or say why it has none.",
    edits=(
        *(one_layer(layer) for layer in LAYERS),
        all_layers("mlp", "Linear", "all layers", "x = self.dense1(x)"),
        all_layers("lenet", "(?:Conv|Linear)", "all layers", "x = self.conv1(x)"),
        all_layers("lenet", "Conv", "all convolutions", "x = self.conv1(x)"),
        all_layers("lenet", "Linear", "all dense layers", "x = self.dense1(x)"),
        all_layers("multimodal", "Conv", "all convolutions", "x = self.conv1(image)"),
        gates("lstm"),
        gates("multimodal"),
    ),
)
