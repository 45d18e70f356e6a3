"""A layer without its nonlinearity."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove, Rewrite
from refkit.edits.places import LAYERS

# A layer's line, its normalisation's if it has one, and its activation's, which goes.
CONVOLUTIONS = r"^( +x = self\.conv\d\(\w+\)  #.*\n(?: +x = self\.\w+_norm\(x\).*\n)?) +x = activation\(x\)  #.*\n"
DENSE = CONVOLUTIONS.replace("conv", "dense", 1)


def everywhere(reference: str, pattern: str, where: str, visible: str, options: dict[str, str] | None = None) -> Edit:
    return Edit(reference, (Rewrite(pattern, r"\1", each=True),), options or {}, visible=visible, where=where)


BUG = Bug(
    id="missing-activation",
    group="architecture",
    rung="forward",
    what="A layer's output goes into the next layer without a nonlinearity.",
    shows="The values agree up to the layer and depart at the line that uses its output; they go below zero where "
    "ReLU's do not.",
    harm="Two layers without a nonlinearity between them are one linear layer: the model is less deep than it looks "
    "and learns less, without any error.",
    mend="Apply the activation to the layer's output before the next layer takes it.",
    edits=(
        *(
            Edit(layer.reference, (Remove(layer.activation),), layer.options, layer.after, f"after {layer.name}")
            for layer in LAYERS
            if layer.activation
        ),
        everywhere("lenet", CONVOLUTIONS, "after every convolution", "# f32[batch, 14, 14, 6]"),
        everywhere("multimodal", CONVOLUTIONS, "after every convolution", "# f32[batch, 14, 14, 6]"),
        everywhere("lenet", DENSE, "after every dense layer", "x = self.dense2(x)"),
        everywhere("mlp", DENSE, "after every hidden layer", "x = self.dense2(x)", {"hidden": "48-32"}),
        everywhere("multimodal", DENSE, "after every dense layer", "x = self.dense2(x)", {"dense": "48-32"}),
    ),
)
