"""A `where` that guards the value and not the gradient."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace, SetField
from refkit.edits.places import CLASSES, CROSS_ENTROPY, GUARDED

LOG = "losses = -jnp.where(chosen > 0, jnp.log(chosen), 0.0)"
ROOT = "return jnp.where(mean > 0, jnp.sqrt(mean), 0.0)"
ABSOLUTE = "errors = jnp.where(predictions == targets, 0.0, jnp.sqrt((predictions - targets) ** 2))"
SQUARED = "errors = jnp.where(predictions == targets, 0.0, jnp.sqrt((predictions - targets) ** 2)) ** 2"


ELU = "lambda x: jnp.where(x > 0, x, jnp.exp(x) - 1)"
PICKED = "chosen = jnp.take_along_axis(nnx.softmax(logits), labels[..., None], axis=-1)[..., 0]  # f32[batch]\n"


def elu_edit(reference: str) -> Edit:
    """The exponential of large numbers is inf in the branch that is not taken."""
    where = "exponential of an ELU by hand"
    return Edit(
        reference, (SetField("activation", ELU),), {"activation": "elu"}, f"activation: Callable = {ELU}", where
    )


def floor_edits(reference: str) -> list[Edit]:
    """A stand-in for the logarithm of 0, in a loss from logits."""
    found = []
    for floor in ("0.0", "-100.0", "-1e9", "-jnp.inf"):
        new = f"losses = -jnp.where(chosen > 0, jnp.log(chosen), {floor})"
        where = f"logarithm of a softmax in the loss, else {floor}"
        change = Replace(CROSS_ENTROPY, PICKED + new)
        found.append(Edit(reference, (change,), CLASSES[reference], visible=new, where=where, rung="loss"))
    return found


def edits(reference: str) -> list[Edit]:
    logarithm = (Replace(f"losses = -jnp.log({GUARDED})", LOG),)
    root = (Replace("return jnp.sqrt(errors.mean() + 1e-24)", f"mean = errors.mean()  # f32[]\n{ROOT}"),)
    absolute = (Replace("errors = jnp.abs(predictions - targets)", ABSOLUTE),)
    squared = (Replace("errors = (predictions - targets) ** 2", SQUARED),)
    one = {"outputs": "1"} if reference == "mlp" else {}
    return [
        Edit(
            reference, logarithm, CLASSES[reference] | {"output": "softmax"}, LOG, "logarithm of a probability", "loss"
        ),
        Edit(reference, root, one | {"loss": "rmse"}, ROOT, "root of the mean squared error"),
        Edit(reference, absolute, one | {"loss": "mae"}, ABSOLUTE, "root of a squared error"),
        Edit(reference, squared, one | ({"loss": "mse"} if one else {}), SQUARED, "root of a squared error, squared"),
    ]


BUG = Bug(
    id="nan-through-where",
    group="numerics",
    rung="gradients",
    what="A single `where` chooses a safe value after a logarithm, root or division has been taken of an unsafe one.",
    shows="The value is right everywhere; at the guarded point the gradient is NaN, since 0 times the unused "
    "branch's inf is NaN.",
    harm="The guard seems to work, until one example meets it and every parameter turns NaN.",
    mend="Guard the input too: `where(x > 0, log(where(x > 0, x, 1)), 0)`.",
    edits=(
        *edits("mlp"),
        elu_edit("mlp"),
        *floor_edits("mlp"),
        *edits("lstm"),
        *floor_edits("lstm"),
        elu_edit("lenet"),
    ),
    alike=("sqrt-at-zero", "log-of-zero"),
    words=(r"\b(where|select)\(",),
)
