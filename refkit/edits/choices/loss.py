"""What the model is trained to make small."""

import dataclasses
import re

from refkit.edits.choice import Choice
from refkit.edits.edit import Edit, EditError, SetField
from refkit.edits.values import one_of


@dataclasses.dataclass(frozen=True)
class Loss:
    """The text of a loss.

    Args:
        says: the docstring's sentence.
        answers: what the loss calls the model's output.
        truths: what it calls the right answers, and their shape.
        lines: what it computes.
        reduce: what it returns.
    """

    says: str
    answers: str
    truths: tuple[str, str]
    lines: tuple[str, ...]
    reduce: str


def regression(says: str, error: str, reduce: str = "errors.mean()") -> Loss:
    return Loss(
        f"{says} against targets of the outputs' shape.",
        "predictions",
        ("targets", "chex.assert_equal_shape([predictions, targets])"),
        (f"errors = {error}  # f32[batch, outputs]",),
        reduce,
    )


def classification(says: str, *lines: str, reduce: str = "losses.mean()") -> Loss:
    return Loss(
        f"{says} class ids `i32[batch]`.",
        "logits",
        ("labels", "chex.assert_shape(labels, logits.shape[:-1])"),
        lines,
        reduce,
    )


LOSSES = {
    "cross-entropy": classification(
        "Mean cross-entropy in nats of logits against",
        "losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]",
    ),
    "sigmoid": classification(
        "Mean binary cross-entropy in nats of one logit against",
        "losses = optax.sigmoid_binary_cross_entropy(logits[..., 0], labels)  # f32[batch]",
    ),
    "one-hot-mse": classification(
        "Mean squared error against one-hot",
        "classes = jax.nn.one_hot(labels, logits.shape[-1])  # f32[batch, classes]",
        "losses = ((logits - classes) ** 2).mean(axis=-1)  # f32[batch]",
    ),
    "brier": classification(
        "Mean over examples of the squared distance to one-hot",
        "classes = jax.nn.one_hot(labels, logits.shape[-1])  # f32[batch, classes]",
        "losses = ((logits - classes) ** 2).sum(axis=-1)  # f32[batch]",
    ),
    "mse": regression("Mean squared error", "(predictions - targets) ** 2"),
    "half-mse": regression("Half the mean squared error", "(predictions - targets) ** 2", "errors.mean() / 2"),
    "rmse": regression(
        "Root of the mean squared error", "(predictions - targets) ** 2", "jnp.sqrt(errors.mean() + 1e-24)"
    ),
    "squared-distance": regression(
        "Mean over examples of the squared distance",
        "(predictions - targets) ** 2",
        "errors.mean() * predictions.shape[-1]",
    ),
    "half-squared-distance": regression(
        "Mean over examples of half the squared distance",
        "(predictions - targets) ** 2",
        "errors.mean() * predictions.shape[-1] / 2",
    ),
    "mae": regression("Mean absolute error", "jnp.abs(predictions - targets)"),
    "huber": regression("Mean Huber loss", "optax.huber_loss(predictions, targets)"),
    "log-cosh": regression(
        "Mean logarithm of the hyperbolic cosine of the error", "optax.log_cosh(predictions, targets)"
    ),
}

LOSS_FUNCTION = re.compile(
    r"^def loss_fn\((?P<model>model: \w+), (?P<inputs>.*), (?:labels|targets): jax\.Array\) -> jax\.Array:\n"
    r'    """.*"""\n    \w+ = (?P<call>model\(.*?\))  # (?P<shape>.*)\n(?:    .*\n)+',
    re.MULTILINE,
)


@dataclasses.dataclass(frozen=True)
class SetLoss:
    """Write the loss function anew, for the same model."""

    loss: Loss

    def apply(self, source: str) -> str:
        found = LOSS_FUNCTION.search(source)
        if found is None:
            raise EditError("`loss_fn` is not as the reference has it")
        loss, (truths, check) = self.loss, self.loss.truths
        lines = (
            f"def loss_fn({found['model']}, {found['inputs']}, {truths}: jax.Array) -> jax.Array:",
            f'    """{loss.says}"""',
            f"    {loss.answers} = {found['call']}  # {found['shape']}",
            f"    {check}",
            *(f"    {line}" for line in loss.lines),
            f"    return {loss.reduce}  # f32[]",
        )
        return source[: found.start()] + "\n".join(lines) + "\n" + source[found.end() :]


def loss_choice(reference: str, default: str, size_field: str) -> Choice:
    """The losses of a reference; a sigmoid is of one unit."""

    def edit(value: str) -> Edit | None:
        loss = LOSSES[one_of("loss", value, LOSSES)]
        if value == default:
            return None
        changes = (SetLoss(loss), SetField(size_field, "1")) if value == "sigmoid" else (SetLoss(loss),)
        return Edit(reference, changes, where=f"loss {value}")

    values = (default, *(name for name in LOSSES if name != default))
    return Choice(
        "loss",
        reference,
        values,
        edit,
        "cross-entropy of classes, one sigmoid unit for two classes, or an error of targets (mse and its relatives)",
    )


LOSS = (
    loss_choice("mlp", "cross-entropy", "outputs"),
    loss_choice("lenet", "cross-entropy", "classes"),
    loss_choice("lstm", "mse", "outputs"),
    loss_choice("multimodal", "cross-entropy", "classes"),
)
