"""What the model gives: logits, probabilities or their logarithms."""

import dataclasses

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, Insert, Replace, SeveralUnits
from refkit.edits.places import CHOSEN, CROSS_ENTROPY, GUARDED, LAST, OF_ONE_UNIT, SIGMOID
from refkit.edits.values import one_of, real_number

# The function in the model, what the loss calls the output, and the loss that takes it in place of the one on logits.
OUTPUTS = {
    "softmax": ("nnx.softmax", "probabilities", CROSS_ENTROPY, f"{CHOSEN}  # f32[batch]\nlosses = -jnp.log({GUARDED})"),
    "log-softmax": (
        "nnx.log_softmax",
        "log_probabilities",
        CROSS_ENTROPY,
        "losses = -jnp.take_along_axis(log_probabilities, labels[..., None], axis=-1)[..., 0]",
    ),
    "sigmoid": (
        "nnx.sigmoid",
        "probabilities",
        SIGMOID,
        f"{OF_ONE_UNIT}  # f32[batch]\nlosses = -jnp.log({GUARDED})",
    ),
}


@dataclasses.dataclass(frozen=True)
class LossOf:
    """The loss on what the model gives now; a loss that is not on logits stays as it is."""

    output: str

    def apply(self, source: str) -> str:
        _, name, old, new = OUTPUTS[self.output]
        if old not in source:
            if CROSS_ENTROPY in source or SIGMOID in source:
                raise EditError(f"the loss is not one of {name}")
            return source
        source = Replace(old, new).apply(source)
        source = Replace("logits = model(", f"{name} = model(").apply(source)
        return source.replace("chex.assert_shape(labels, logits.shape", f"chex.assert_shape(labels, {name}.shape")


def output_edit(reference: str, value: str) -> Edit | None:
    one_of("output", value, ("logits", *OUTPUTS))
    if value == "logits":
        return None
    last, function = LAST[reference], OUTPUTS[value][0]
    line = f"x = {function}(x)  # f32[batch, {last}]"
    several = () if value == "sigmoid" else (SeveralUnits(last),)  # of one unit alone it would be `softmax-on-one-unit`
    return Edit(reference, (*several, Insert(f"x = self.{last}(x)", line), LossOf(value)), where=f"output {value}")


def epsilon_edit(reference: str, value: str) -> Edit | None:
    if value == "none":
        return None
    epsilon = real_number("log-epsilon", value, 0, 1e-3)
    return Edit(
        reference, (Replace(GUARDED, f"chosen + {epsilon:g}"),), {"output": "softmax"}, where=f"log-epsilon {value}"
    )


OUTPUT = tuple(
    choice
    for reference in LAST
    for choice in (
        Choice(
            "output",
            reference,
            ("logits", *OUTPUTS),
            lambda value, reference=reference: output_edit(reference, value),
            "what the model gives; the loss takes it as it is",
        ),
        Choice(
            "log-epsilon",
            reference,
            ("none", *(f"1e-{k}" for k in (4, 5, 6, 7, 8, 9, 10, 12, 15))),
            lambda value, reference=reference: epsilon_edit(reference, value),
            "added to probabilities before their logarithm",
        ),
    )
)
