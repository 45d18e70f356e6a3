"""A layer without its nonlinearity."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Remove
from refkit.edits.places import LAYERS

BUG = Bug(
    id="missing-activation",
    group="architecture",
    rung="forward",
    what="A layer's output goes into the next layer without a nonlinearity.",
    shows="The values agree up to the layer and depart at the line that uses its output; they go below zero where ReLU's do not.",
    harm="Two layers without a nonlinearity between them are one linear layer: the model is less deep than it looks and "
    "learns less, without any error.",
    mend="Apply the activation to the layer's output before the next layer takes it.",
    edits=tuple(
        Edit(
            layer.reference,
            (Remove(layer.activation),),
            layer.options,
            visible=layer.after,
            where=f"after {layer.name}",
        )
        for layer in LAYERS
        if layer.activation
    ),
)
