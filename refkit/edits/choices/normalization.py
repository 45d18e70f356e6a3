"""Batch or layer normalisation between the layers."""

import dataclasses
import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, Insert, Rewrite
from refkit.edits.values import one_of, real_number

BUILT = re.compile(
    r"^ +self\.(?P<name>(?:conv|dense)\d) = nnx\.(?:Conv|Linear)\("
    r"\s*(?:flat_features\(config\)[^,]*|[^,]+), (?P<units>[^,]+),",
    re.MULTILINE,
)
LAST = {
    "mlp": "self.outputs = nnx.Linear(",
    "lenet": "self.logits = nnx.Linear(",
    "multimodal": "self.logits = nnx.Linear(",
}
EVERY_LAYER = ("none", "before", "after")
PLACES = {
    "mlp": EVERY_LAYER,
    "lenet": (*EVERY_LAYER, "conv-before", "conv-after", "dense-before", "dense-after"),
    "multimodal": (*EVERY_LAYER, "conv-before", "conv-after", "dense-before", "dense-after"),
}
ALONE = {  # one layer's own
    "mlp": (),
    "lenet": ("conv1", "conv2", "dense1", "dense2"),
    "multimodal": ("conv1", "conv2", "dense1"),
}
WHERE = "before or after the activation of every layer, of the convolutions or dense layers alone, or of one layer"


@dataclasses.dataclass(frozen=True)
class Normalise:
    """A normalisation of its own for each convolution and dense layer, before or after its activation."""

    reference: str
    module: str
    layers: str
    after: bool

    def apply(self, source: str) -> str:
        wanted = [built for built in BUILT.finditer(source) if re.match(self.layers, built["name"])]
        if not wanted:
            raise EditError("there is no layer to normalise")
        for built in wanted:
            name, units = built["name"], built["units"]
            source = Insert(
                LAST[self.reference], f"self.{name}_norm = {self.module.format(units=units)}", before=True
            ).apply(source)
            activation = r"( +x = activation\(x\)  # .*\n)"
            call = rf"^(( +)x = self\.{name}\(\w+\)  # (.*)\n(?: +activation = .*\n)?)"
            line = rf"\2x = self.{name}_norm(x)  # \3\n"
            pattern, new = (call + activation, rf"\1\4{line}") if self.after else (call, rf"\1{line}")
            source = Rewrite(pattern, new).apply(source)
        return source


def places(option: str, reference: str) -> tuple[str, ...]:
    """Values of the option; layer normalisation of one layer alone is too rare to be looked for."""
    alone = ALONE[reference] if option == "batchnorm" else ()
    return (*PLACES[reference], *(f"{layer}-{place}" for place in ("before", "after") for layer in alone))


def normalization_edit(option: str, module: str, reference: str, value: str) -> Edit | None:
    if one_of(option, value, places(option, reference)) == "none":
        return None
    kind, _, place = value.rpartition("-")
    change = Normalise(reference, module, kind or "conv|dense", place == "after")
    return Edit(reference, (change,), where=f"{option} {value}")


@dataclasses.dataclass(frozen=True)
class NoBiasBeforeNorm:
    """The normalisation's shift takes the place of the layer's bias."""

    def apply(self, source: str) -> str:
        names = re.findall(r"^ +x = self\.(\w+)\(\w+\)  # .*\n +x = self\.\1_norm\(x\)", source, flags=re.MULTILINE)
        if not names:
            raise EditError("no layer is normalised before its activation")
        for name in names:
            source = Rewrite(rf"(self\.{name} = nnx\.\w+\([^=]*?)(\w+=)", r"\1use_bias=False, \2").apply(source)
        return source


def bias_edit(reference: str, value: str) -> Edit | None:
    if one_of("norm-bias", value, ("true", "false")) == "true":
        return None
    return Edit(reference, (NoBiasBeforeNorm(),), {"batchnorm": "before"}, where="norm-bias false")


def epsilon_edit(reference: str, value: str) -> Edit | None:
    epsilon = real_number("norm-epsilon", value, 0, 1)
    if epsilon == 1e-5:
        return None
    return Edit(
        reference,
        (Rewrite(r"epsilon=1e-5", f"epsilon={epsilon:g}", each=True),),
        {"batchnorm": "before"},
        where=f"norm-epsilon {value}",
    )


MODULES = {
    "batchnorm": ("nnx.BatchNorm({units}, epsilon=1e-5, rngs=rngs)", "batch normalisation"),
    "layernorm": ("nnx.LayerNorm({units}, epsilon=1e-5, rngs=rngs)", "layer normalisation"),
}

NORMALIZATION = tuple(
    choice
    for reference in LAST
    for choice in (
        *(
            Choice(
                option,
                reference,
                places(option, reference),
                lambda value, reference=reference, option=option, module=module: normalization_edit(
                    option, module, reference, value
                ),
                f"{what} {WHERE}",
            )
            for option, (module, what) in MODULES.items()
        ),
        Choice(
            "norm-bias",
            reference,
            ("true", "false"),
            lambda value, reference=reference: bias_edit(reference, value),
            "whether layers that a normalisation follows at once have a bias of their own",
            found_by="structure",
        ),
        Choice(
            "norm-epsilon",
            reference,
            ("1e-5", "1e-3", "1e-6", "1e-4", "1e-8", "<number>"),
            lambda value, reference=reference: epsilon_edit(reference, value),
            "added to the variance in a normalisation",
        ),
    )
)
