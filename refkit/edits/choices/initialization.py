"""How the weights are drawn."""

import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Rewrite, SetField
from refkit.edits.values import real_number
from refkit.errors import RefkitError

FAMILIES = {
    **{
        f"{family}-{shape}": f"nnx.initializers.{family}_{shape}()"
        for family in ("he", "glorot", "lecun")
        for shape in ("normal", "uniform")
    },
    "torch": 'nnx.initializers.variance_scaling(1 / 3, "fan_in", "uniform")',
    "orthogonal": "nnx.initializers.orthogonal()",
}
RANGES = {
    "normal": "nnx.initializers.normal({scale:g})",
    "truncated-normal": "nnx.initializers.truncated_normal({scale:g})",
    "uniform": "lambda key, shape, dtype: jax.random.uniform(key, shape, dtype, -{scale:g}, {scale:g})",
}
VALUES = (*FAMILIES, *(f"{name}-<number>" for name in RANGES))
EVERY_BIAS = r"(nnx\.(Conv|Linear)\(\s*(flat_features\(config\)[^,]*|[^,]+),(?![^=]*use_bias=False)[^=]*?)(\w+=)"


def initializer(option: str, value: str) -> str:
    """The text of an initializer, as `he-normal` or `normal-0.05`."""
    if value in FAMILIES:
        return FAMILIES[value]
    name, _, scale = value.rpartition("-")
    if name not in RANGES:
        raise RefkitError(
            f"option `{option}` was given `{value}`: give one of {', '.join(f'`{known}`' for known in VALUES)}"
        )
    return RANGES[name].format(scale=real_number(option, scale, 1e-6, 10))


def field_choice(option: str, reference: str, field: str, default: str, what: str) -> Choice:
    """An initializer that has a field of the reference's `Config`."""

    def edit(value: str) -> Edit | None:
        function = initializer(option, value)
        return None if value == default else Edit(reference, (SetField(field, function),), where=f"{option} {value}")

    return Choice(option, reference, (default, *(name for name in VALUES if name != default)), edit, what)


def line_choice(option: str, reference: str, line: str, what: str) -> Choice:
    """An initializer for one line of the constructor."""

    def edit(value: str) -> Edit | None:
        if value == "same":
            return None
        change = Rewrite(
            rf"({line}(?:.|\n)*?)kernel_init=[\w.]+",
            lambda found: f"{found[1]}kernel_init={initializer(option, value)}",
        )
        return Edit(reference, (change,), where=f"{option} {value}")

    return Choice(option, reference, ("same", *VALUES), edit, what)


def bias_edit(reference: str, value: str) -> Edit | None:
    """Biases as PyTorch draws them, by each layer's number of inputs, or all alike."""
    if value == "zeros":
        return None
    if value == "torch":

        def biased(found: re.Match) -> str:
            inputs = found[3] + (" * config.kernel**2" if found[2] == "Conv" else "")
            bias = f"lambda *how: jax.random.uniform(*how, -1, 1) / jnp.sqrt({inputs})"
            return f"{found[1]}bias_init={bias}, {found[4]}"

        return Edit(reference, (Rewrite(EVERY_BIAS, biased, each=True),), where="bias-initialization torch")
    if value.startswith("constant-"):
        function = f"nnx.initializers.constant({real_number('bias-initialization', value[9:], -10, 10):g})"
    else:
        function = initializer("bias-initialization", value)
    change = Rewrite(EVERY_BIAS, lambda found: f"{found[1]}bias_init={function}, {found[4]}", each=True)
    return Edit(reference, (change,), where=f"bias-initialization {value}")


BIASES = ("zeros", "torch", "constant-<number>", *(f"{name}-<number>" for name in RANGES))

INITIALIZATION = (
    *(
        field_choice("initialization", reference, "kernel_init", default, "how every kernel is drawn")
        for reference, default in (
            ("mlp", "he-normal"),
            ("lenet", "he-normal"),
            ("lstm", "glorot-uniform"),
            ("multimodal", "he-normal"),
        )
    ),
    field_choice(
        "state-initialization", "multimodal", "state_init", "glorot-uniform", "how the LSTM's kernels are drawn"
    ),
    *(
        line_choice(
            "recurrent-initialization",
            reference,
            "from_h = lambda: nnx.Linear",
            "how the LSTM's kernels on its own state are drawn",
        )
        for reference in ("lstm", "multimodal")
    ),
    *(
        line_choice(
            "output-initialization", reference, rf"self\.{last} = nnx\.Linear", "how the last layer's kernel is drawn"
        )
        for reference, last in (("mlp", "outputs"), ("lenet", "logits"), ("lstm", "outputs"), ("multimodal", "logits"))
    ),
    *(
        Choice(
            "bias-initialization",
            reference,
            BIASES,
            lambda value, reference=reference: bias_edit(reference, value),
            "how every bias is drawn",
        )
        for reference in ("mlp", "lenet", "lstm", "multimodal")
    ),
)
