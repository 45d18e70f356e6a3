"""Which nonlinearity follows each layer."""

from refkit.edits.choice import Choice
from refkit.edits.edit import AddField, Edit, Insert, SetField
from refkit.edits.values import one_of

ACTIVATIONS = {
    "relu": "nnx.relu",
    "tanh": "nnx.tanh",
    "sigmoid": "nnx.sigmoid",
    "gelu": "nnx.gelu",
    "gelu-exact": "lambda x: nnx.gelu(x, approximate=False)",
    "silu": "nnx.silu",
    "elu": "nnx.elu",
    "selu": "nnx.selu",
    "celu": "nnx.celu",
    "leaky-relu": "nnx.leaky_relu",
    "leaky-relu-0.1": "lambda x: nnx.leaky_relu(x, 0.1)",
    "leaky-relu-0.2": "lambda x: nnx.leaky_relu(x, 0.2)",
    "leaky-relu-0.3": "lambda x: nnx.leaky_relu(x, 0.3)",
    "softplus": "nnx.softplus",
    "softsign": "nnx.soft_sign",
    "relu6": "nnx.relu6",
    "hard-tanh": "nnx.hard_tanh",
    "hard-sigmoid": "nnx.hard_sigmoid",
    "hard-silu": "nnx.hard_silu",
    "mish": "lambda x: x * nnx.tanh(nnx.softplus(x))",
    "lecun-tanh": "lambda x: 1.7159 * nnx.tanh(2 / 3 * x)",
    "sin": "jnp.sin",
}


def activation_choice(option: str, reference: str, default: str, field: str, what: str) -> Choice:
    """An activation that has a field of the reference's `Config`."""

    def edit(value: str) -> Edit | None:
        function = ACTIVATIONS[one_of(option, value, ACTIVATIONS)]
        return None if value == default else Edit(reference, (SetField(field, function),), where=f"{option} {value}")

    values = (default, *(name for name in ACTIVATIONS if name != default))
    return Choice(option, reference, values, edit, what)


def dense_activation_choice(reference: str) -> Choice:
    """Another activation from the first dense layer on."""

    def edit(value: str) -> Edit | None:
        if value == "same":
            return None
        function = ACTIVATIONS[one_of("dense-activation", value, ("same", *ACTIVATIONS))]
        changes = (
            AddField("dense_activation", "Callable", function),
            Insert("x = self.dense1(x)  #", "activation = self.config.dense_activation", before=True),
        )
        return Edit(reference, changes, where=f"dense-activation {value}")

    return Choice(
        "dense-activation",
        reference,
        ("same", *ACTIVATIONS),
        edit,
        "nonlinearity of the dense layers, where it is not the convolutions'",
    )


def readout_activation_choice() -> Choice:
    """The activation of the dense layers between the LSTM's state and its readout."""

    def edit(value: str) -> Edit | None:
        function = ACTIVATIONS[one_of("dense-activation", value, ACTIVATIONS)]
        change = SetField("dense_activation", function)
        return None if value == "relu" else Edit("lstm", (change,), {"dense": "64"}, where=f"dense-activation {value}")

    return Choice(
        "dense-activation", "lstm", tuple(ACTIVATIONS), edit, "nonlinearity of the dense layers before the readout"
    )


ACTIVATION = (
    activation_choice("activation", "mlp", "relu", "activation", "nonlinearity of the hidden layers"),
    activation_choice("activation", "lenet", "relu", "activation", "nonlinearity of the hidden layers"),
    activation_choice(
        "activation", "multimodal", "relu", "activation", "nonlinearity of the convolutions and dense layers"
    ),
    activation_choice(
        "activation", "lstm", "tanh", "activation", "nonlinearity of the candidate and of the cell's state"
    ),
    activation_choice(
        "state-activation",
        "multimodal",
        "tanh",
        "state_activation",
        "nonlinearity of the LSTM's candidate and of its cell's state",
    ),
    dense_activation_choice("lenet"),
    readout_activation_choice(),
    dense_activation_choice("multimodal"),
)
