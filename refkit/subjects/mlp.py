"""The MLP: numbers in, one or several hidden layers."""

from refkit.implementation import Input
from refkit.subjects.chains import chain, joined
from refkit.subjects.subject import Options, Shown, Subject


def inputs(config) -> list[tuple[Input, ...]]:
    return [(Input("x", "features", (config.features,)),)]


def fit(shown: Shown) -> list[Options]:
    (size,) = shown.inputs[0].shape
    widths = chain(shown.kernels, size)
    if not widths:
        return [{"features": str(size), "outputs": str(shown.width)}]
    return [{"features": str(size), "hidden": joined(widths[:-1]), "outputs": str(widths[-1])}]


MLP = Subject("mlp", "MLP", inputs, "outputs", fit, twice=("hidden",))
