"""A fan computed on the wrong axes."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

# `shape` is a convolution's (height, width, in, out); a dense kernel is left alone.
CONVOLUTION = {
    "input channels without the window": "jnp.sqrt(2 / shape[-2])",
    "the window's height alone": "jnp.sqrt(2 / shape[0])",
    "output channels without the window": "jnp.sqrt(2 / shape[-1])",
    "axes of output, input, height, width": "jnp.sqrt(2 / (shape[1] * shape[2] * shape[3]))",
}
FUSED = {
    "four gates as one layer's inputs": ("lecun_normal()", "(4 * shape[1], shape[0])", "[: shape[1]].T"),
    "four gates as one layer's inputs, He": ("he_normal()", "(4 * shape[1], shape[0])", "[: shape[1]].T"),
}


def convolution_edits(reference: str) -> list[Edit]:
    found = []
    for where, deviation in CONVOLUTION.items():
        function = f"lambda key, shape, dtype: {deviation} * jax.random.normal(key, shape, dtype)"
        change = Rewrite(r"(self\.conv\d = nnx\.Conv\([^)]*?kernel_init=)init\b", rf"\1{function}", each=True)
        found.append(Edit(reference, (change,), visible="self.conv1 = nnx.Conv(", where=where))
    return found


def recurrent_edits(reference: str) -> list[Edit]:
    found = []
    for where, (family, shape, part) in FUSED.items():
        function = f"lambda key, shape, dtype: nnx.initializers.{family}(key, {shape}, dtype){part}"
        change = Rewrite(
            r"(from_[xh] = lambda: nnx\.Linear\((?:.|\n)*?kernel_init=)[\w.]+", rf"\1{function}", each=True
        )
        found.append(Edit(reference, (change,), visible="from_x = lambda: nnx.Linear(", where=where))
    return found


BUG = Bug(
    id="initialisation-wrong-fan",
    group="initialisation",
    rung="initialization",
    what="The number of inputs that scales the weights is counted on the wrong axes: a convolution's without its "
    "window, or a fused recurrent kernel's with all four gates.",
    shows="The layer's standard deviation is off by the root of the miscounted factor: five times for a 5×5 window.",
    harm="Values grow or shrink at that layer: a deeper network explodes or fades although it names the right "
    "initialisation.",
    mend="Say which axes are in and out (`in_axis`, `out_axis`), draw each gate by itself, or use the layer's own "
    "default.",
    edits=(*convolution_edits("lenet"), *recurrent_edits("lstm")),
    alike=("initialisation-too-large", "initialisation-too-small"),
)
