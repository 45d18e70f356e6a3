"""Weights that all begin alike."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite, SetField
from refkit.edits.places import LAST, LAYERS

CONSTANTS = {"zeros": "nnx.initializers.zeros_init()", "ones": "nnx.initializers.ones_init()"} | {
    str(value): f"nnx.initializers.constant({value})" for value in (0.01, 0.1, 0.5)
}


def everywhere(reference: str, field: str) -> list[Edit]:
    where = {"kernel_init": "every kernel", "state_init": "the LSTM's kernels"}[field]
    return [
        Edit(
            reference, (SetField(field, function),), visible=f"{field}: Callable = {function}", where=f"{where}: {name}"
        )
        for name, function in CONSTANTS.items()
    ]


def one_layer(reference: str, name: str, options: dict[str, str]) -> Edit:
    change = Rewrite(rf"(self\.{name} = nnx\.\w+\((?:.|\n)*?kernel_init=)[\w.]+", rf"\1{CONSTANTS['zeros']}")
    return Edit(reference, (change,), options, visible=f"self.{name} = nnx.", where=f"{name}: zeros")


BUG = Bug(
    id="initialised-to-constant",
    group="initialisation",
    rung="initialization",
    what="Weights begin as zeros or as one other constant.",
    shows="All units of a layer are identical and stay so; with zeros the loss is exactly ln C and the gradient of "
    "earlier layers exactly 0.",
    harm="Identical units get identical gradients: however many there are, the layer is one unit wide, or does not "
    "move at all.",
    mend="Draw the weights at random: He for ReLU, Glorot for tanh. Zeros are for biases.",
    edits=(
        *(edit for reference in LAST for edit in everywhere(reference, "kernel_init")),
        *everywhere("multimodal", "state_init"),
        *(one_layer(layer.reference, layer.name, layer.options) for layer in LAYERS),
    ),
    alike=("initialisation-too-small", "initialisation-too-large"),
)
