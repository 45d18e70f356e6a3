"""Where bugs strike: the layers of the references with their lines."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Layer:
    """A convolution or dense layer of a reference.

    Args:
        reference: `mlp`, `lenet`, `lstm`, `multimodal`.
        name: its attribute in the model, such as `conv1`.
        call: its line in the forward pass, up to the closing parenthesis.
        activation: the line of its activation with the shape that tells it from the others; empty for the last layer.
        after: text of the line that comes after the activation.
        options: options under which the layer is there.
    """

    reference: str
    name: str
    call: str
    activation: str = ""
    after: str = ""
    options: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def convolution(self) -> bool:
        return self.name.startswith("conv")


def dense_layers(reference: str, option: str, first: tuple[Layer, ...], last: str) -> tuple[Layer, ...]:
    """The layers in the reference and those that its option adds, then the last."""
    layers = list(first)
    present = sum(layer.name.startswith("dense") for layer in first)
    for k in range(present + 1, 6):
        options = {option: "-".join(["48", "32", "24", "20", "12"][:k])}
        shape = f"# f32[batch, {option}[{k - 1}]]"
        layers.append(
            Layer(
                reference,
                f"dense{k}",
                f"x = self.dense{k}(x)",
                f"x = activation(x)  {shape}",
                f"x = self.{last}(x)",
                options,
            )
        )
    layers.append(Layer(reference, last, f"x = self.{last}(x)"))
    return tuple(layers)


def convolutions(reference: str, argument: str) -> tuple[Layer, ...]:
    """The two convolutions in the reference and those that `channels` adds."""
    layers = [
        Layer(
            reference,
            "conv1",
            f"x = self.conv1({argument})",
            "x = activation(x)  # f32[batch, 28, 28, 6]",
            "# f32[batch, 14, 14, 6]",
        ),
        Layer(
            reference,
            "conv2",
            "x = self.conv2(x)",
            "x = activation(x)  # f32[batch, 10, 10, 16]",
            "# f32[batch, 5, 5, 16]",
        ),
    ]
    for k in range(3, 7):
        options = {"channels": "-".join(["4", "6", "8", "10", "12", "14"][:k]), "image": "96x96x1"}
        layers.append(
            Layer(
                reference,
                f"conv{k}",
                f"x = self.conv{k}(x)",
                f"x = activation(x)  # f32[batch, height, width, channels[{k - 1}]]",
                f"# f32[batch, height / 2, width / 2, channels[{k - 1}]]",
                options,
            )
        )
    return tuple(layers)


MLP = dense_layers(
    "mlp",
    "hidden",
    (Layer("mlp", "dense1", "x = self.dense1(x)", "x = activation(x)  # f32[batch, 64]", "x = self.outputs(x)"),),
    "outputs",
)

LENET = convolutions("lenet", "x") + dense_layers(
    "lenet",
    "dense",
    (
        Layer("lenet", "dense1", "x = self.dense1(x)", "x = activation(x)  # f32[batch, 120]", "x = self.dense2(x)"),
        Layer("lenet", "dense2", "x = self.dense2(x)", "x = activation(x)  # f32[batch, 84]", "x = self.logits(x)"),
    ),
    "logits",
)

MULTIMODAL = convolutions("multimodal", "image") + dense_layers(
    "multimodal",
    "dense",
    (
        Layer(
            "multimodal", "dense1", "x = self.dense1(x)", "x = activation(x)  # f32[batch, 128]", "x = self.logits(x)"
        ),
    ),
    "logits",
)

LSTM = dense_layers("lstm", "dense", (), "outputs")

LAYERS = MLP + LENET + LSTM + MULTIMODAL

# The last layer of each reference and what the loss calls its output.
LAST = {"mlp": "outputs", "lenet": "logits", "lstm": "outputs", "multimodal": "logits"}

# Options under which a reference's loss is the cross-entropy of class ids.
CLASSES = {"mlp": {}, "lenet": {}, "lstm": {"loss": "cross-entropy", "output-size": "4"}, "multimodal": {}}

# Options under which a reference's loss is the mean squared error of targets.
TARGETS = {"mlp": {"loss": "mse", "outputs": "1"}, "lstm": {}}

CROSS_ENTROPY = "losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)"
MEAN = "return losses.mean()"
SQUARED_ERROR = "errors = (predictions - targets) ** 2"
MEAN_ERROR = "return errors.mean()"
RETURN = "        return x\n"

# The first line of the forward pass that takes the input, and the input's name.
FIRST = {
    "mlp": ("x = self.dense1(x)", "x"),
    "lenet": ("x = self.conv1(x)", "x"),
    "lstm": ("states = run(self.cell, x)", "x"),
    "multimodal": ("x = self.conv1(image)", "image"),
}

# The lines of a log loss on probabilities, as the option `output=softmax` has them.
CHOSEN = "chosen = jnp.take_along_axis(probabilities, labels[..., None], axis=-1)[..., 0]"
OF_ONE_UNIT = "chosen = jnp.where(labels == 1, probabilities[..., 0], 1 - probabilities[..., 0])"
GUARDED = "jnp.maximum(chosen, 1e-12)"

# The binary cross-entropy of the option `loss=sigmoid`.
SIGMOID = "losses = optax.sigmoid_binary_cross_entropy(logits[..., 0], labels)"
ONE_HOT = "classes = jax.nn.one_hot(labels, logits.shape[-1])  # f32[batch, classes]\n"
FLATTEN = {"lenet": "x = x.reshape(x.shape[0], -1)", "multimodal": "image_vector = x.reshape(x.shape[0], -1)"}
