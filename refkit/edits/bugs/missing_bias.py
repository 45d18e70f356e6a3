"""A layer without bias."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace, Rewrite
from refkit.edits.places import LAYERS, Layer


def one_layer(layer: Layer) -> Edit:
    change = Rewrite(rf"(self\.{layer.name} = nnx\.(?:Conv|Linear)\([^=]*?)(\w+=)", r"\1use_bias=False, \2")
    return Edit(layer.reference, (change,), layer.options, visible=layer.call, where=layer.name)


def all_layers(reference: str, kind: str, where: str, visible: str) -> Edit:
    change = Rewrite(rf"(self\.\w+ = nnx\.{kind}\([^=]*?)(\w+=)", r"\1use_bias=False, \2", each=True)
    return Edit(reference, (change,), visible=visible, where=where)


def unused(layer: Layer) -> Edit:
    """The layer has a bias that its line does not add."""
    new = f"{layer.call} - self.{layer.name}.bias[...]"
    where = f"{layer.name}'s is not added"
    return Edit(layer.reference, (Replace(layer.call, new),), layer.options, visible=new, where=where, rung="forward")


def unused_everywhere(reference: str, kind: str, where: str, first: str) -> Edit:
    change = Rewrite(rf"^( +x = self\.({kind})\(\w+\))", r"\1 - self.\2.bias[...]", each=True)
    return Edit(reference, (change,), visible=f"self.{first}.bias[...]", where=f"{where} are not added", rung="forward")


def gates(reference: str) -> Edit:
    change = Rewrite(r"(from_x = lambda: nnx\.Linear\([^=]*?)(\w+=)", r"\1use_bias=False, \2")
    return Edit(reference, (change,), visible="i = nnx.sigmoid(", where="the LSTM's gates")


BUG = Bug(
    id="missing-bias",
    group="architecture",
    rung="structure",
    what="A layer has no bias.",
    shows="One parameter leaf fewer than in the reference, or one that is never used; the values depart at the "
    "layer's line by a constant a unit.",
    harm="The layer's hyperplanes all pass through the origin, which inputs that are not centred pay for. (Right "
    "only where a normalisation with a shift of its own follows.)",
    mend="Give the layer its bias, or say why it has none.",
    edits=(
        *(one_layer(layer) for layer in LAYERS),
        all_layers("mlp", "Linear", "all layers", "x = self.dense1(x)"),
        all_layers("lenet", "(?:Conv|Linear)", "all layers", "x = self.conv1(x)"),
        all_layers("lenet", "Conv", "all convolutions", "x = self.conv1(x)"),
        all_layers("lenet", "Linear", "all dense layers", "x = self.dense1(x)"),
        all_layers("multimodal", "Conv", "all convolutions", "x = self.conv1(image)"),
        *(unused(layer) for layer in LAYERS),
        unused_everywhere("mlp", r"dense\d|outputs", "all biases", "dense1"),
        unused_everywhere("lenet", r"conv\d|dense\d|logits", "all biases", "conv1"),
        unused_everywhere("lenet", r"conv\d", "biases of the convolutions", "conv1"),
        unused_everywhere("lenet", r"dense\d|logits", "biases of the dense layers", "dense1"),
        unused_everywhere("multimodal", r"conv\d", "biases of the convolutions", "conv1"),
        unused_everywhere("multimodal", r"dense\d|logits", "biases of the dense layers", "dense1"),
        gates("lstm"),
        gates("multimodal"),
    ),
)
