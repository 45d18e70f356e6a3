"""Weights that begin far too large."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite, SetField
from refkit.edits.places import LAYERS

FAMILIES = {"mlp": 2.0, "lenet": 2.0, "multimodal": 2.0, "lstm": 1.0}
HUGE = {
    "standard deviation 10": "nnx.initializers.normal(10.0)",
    "uniform from 0 to 10": "nnx.initializers.uniform(10.0)",
}
UNIT = {"standard deviation 1": "nnx.initializers.normal(1.0)", "uniform from 0 to 1": "nnx.initializers.uniform(1.0)"}


def scales(reference: str, factor: float) -> str:
    """The reference's own family with standard deviations multiplied by `factor`."""
    mode, shape = ("fan_avg", "uniform") if reference == "lstm" else ("fan_in", "truncated_normal")
    return f'nnx.initializers.variance_scaling({FAMILIES[reference] * factor**2:g}, "{mode}", "{shape}")'


def everywhere(reference: str) -> list[Edit]:
    functions = {f"{factor} times too large": scales(reference, factor) for factor in (10, 30, 100)} | HUGE
    if reference != "mlp":  # With 30 inputs a deviation of 1 is four times too large.
        functions |= UNIT
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
    change = Rewrite(rf"(self\.{name} = nnx\.\w+\((?:.|\n)*?kernel_init=)[\w.]+", r"\1nnx.initializers.normal(10.0)")
    return Edit(reference, (change,), options, visible=f"self.{name} = nnx.", where=f"{name}: standard deviation 10")


def states() -> list[Edit]:
    functions = UNIT | HUGE
    return [
        Edit(
            "multimodal", (SetField("state_init", function),), {}, f"state_init: Callable = {function}", f"LSTM: {name}"
        )
        for name, function in functions.items()
    ]


BUG = Bug(
    id="initialisation-too-large",
    group="initialisation",
    rung="initialization",
    what="Weights begin ten or more times as large as their layer's number of inputs allows, as with a standard "
    "deviation of 1.",
    shows="Values grow from layer to layer; the first loss is far above ln C, tanh and sigmoid units sit at their "
    "ends.",
    harm="The model begins sure of nonsense and first has to unlearn it; saturated units hardly get a gradient.",
    mend="Scale by the number of inputs: He for ReLU, Glorot for tanh.",
    edits=(
        *(edit for reference in FAMILIES for edit in everywhere(reference)),
        *states(),
        *(one_layer(layer.reference, layer.name, layer.options) for layer in LAYERS),
    ),
)
