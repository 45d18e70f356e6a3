"""The LSTM's gates."""

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, Replace
from refkit.edits.values import one_of

GATES = ("i = nnx.sigmoid(self.input_x", "f = nnx.sigmoid(self.forget_x", "o = nnx.sigmoid(self.output_x")
FUNCTIONS = {"hard-sigmoid": "nnx.hard_sigmoid(", "keras-hard-sigmoid": "(lambda x: jnp.clip(0.2 * x + 0.5, 0, 1))("}


def gate_activation_edit(reference: str, value: str) -> Edit | None:
    if one_of("gate-activation", value, ("sigmoid", *FUNCTIONS)) == "sigmoid":
        return None
    changes = tuple(Replace(gate, gate.replace("nnx.sigmoid(", FUNCTIONS[value])) for gate in GATES)
    return Edit(reference, changes, where=f"gate-activation {value}")


GATE_ACTIVATION = tuple(
    Choice(
        "gate-activation",
        reference,
        ("sigmoid", *FUNCTIONS),
        lambda value, reference=reference: gate_activation_edit(reference, value),
        "the gates' sigmoid, or one of straight lines (Keras's older one has a steeper middle)",
    )
    for reference in ("lstm", "multimodal")
)
