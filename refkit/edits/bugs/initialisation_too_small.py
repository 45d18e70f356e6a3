"""Weights that begin far too small."""

from refkit.edits.bug import Bug
from refkit.edits.bugs.initialisation_too_large import FAMILIES, scales
from refkit.edits.edit import Edit, Rewrite, SetField
from refkit.edits.places import LAYERS

TINY = {
    f"standard deviation {deviation}": f"nnx.initializers.normal({deviation})" for deviation in ("1e-3", "1e-4", "1e-5")
}


def everywhere(reference: str) -> list[Edit]:
    functions = {f"{factor} times too small": scales(reference, 1 / factor) for factor in (10, 30, 100)} | TINY
    return [
        Edit(
            reference,
            (SetField("kernel_init", function),),
            {},
            f"kernel_init: Callable = {function}",
            f"every kernel: {name}",
        )
        for name, function in functions.items()
    ]


def one_layer(reference: str, name: str, options: dict[str, str]) -> Edit:
    change = Rewrite(rf"(self\.{name} = nnx\.\w+\((?:.|\n)*?kernel_init=)[\w.]+", r"\1nnx.initializers.normal(1e-4)")
    return Edit(reference, (change,), options, visible=f"self.{name} = nnx.", where=f"{name}: standard deviation 1e-4")


def states() -> list[Edit]:
    return [
        Edit(
            "multimodal", (SetField("state_init", function),), {}, f"state_init: Callable = {function}", f"LSTM: {name}"
        )
        for name, function in TINY.items()
    ]


BUG = Bug(
    id="initialisation-too-small",
    group="initialisation",
    rung="initialization",
    what="Weights begin ten or more times as small as their layer's number of inputs asks for.",
    shows="Values shrink from layer to layer; the first loss is ln C almost exactly, and gradients of early layers "
    "are next to 0.",
    harm="Hardly any signal passes, forward or back: the loss stays on a plateau for long, or for good in a deep "
    "model.",
    mend="Scale by the number of inputs: He for ReLU, Glorot for tanh.",
    edits=(
        *(edit for reference in FAMILIES for edit in everywhere(reference)),
        *states(),
        *(one_layer(layer.reference, layer.name, layer.options) for layer in LAYERS),
    ),
    alike=("initialised-to-constant",),
)
