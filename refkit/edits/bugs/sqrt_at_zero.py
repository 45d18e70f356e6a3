"""A root that may be of 0."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace

ROOT = "return jnp.sqrt(errors.mean())"
ABSOLUTE = "errors = jnp.sqrt((predictions - targets) ** 2)"
SQUARED = {
    "norm of each example's errors, squared": (
        "errors = jnp.linalg.norm(predictions - targets, axis=-1) ** 2 / predictions.shape[-1]"
    ),
    "norm of all errors, squared": "errors = jnp.linalg.norm(predictions - targets) ** 2 / targets.size",
    "root of each squared error, squared": "errors = jnp.sqrt((predictions - targets) ** 2) ** 2",
}


def edits(reference: str) -> list[Edit]:
    one = {"outputs": "1"} if reference == "mlp" else {}
    root = Replace("return jnp.sqrt(errors.mean() + 1e-24)", ROOT)
    absolute = Replace("errors = jnp.abs(predictions - targets)", ABSOLUTE)
    squared = one | ({"loss": "mse"} if one else {})
    norms = [
        Edit(reference, (Replace("errors = (predictions - targets) ** 2", new),), squared, visible=new, where=where)
        for where, new in SQUARED.items()
    ]
    return [
        Edit(reference, (root,), one | {"loss": "rmse"}, visible=ROOT, where="root of the mean squared error"),
        Edit(reference, (absolute,), one | {"loss": "mae"}, visible=ABSOLUTE, where="root of each squared error"),
        *norms,
    ]


BUG = Bug(
    id="sqrt-at-zero",
    group="numerics",
    rung="gradients",
    what="A root or norm is taken of something that can be exactly 0, where the root's slope is infinite.",
    shows="The value is finite everywhere; where predictions equal targets, the gradient is NaN.",
    harm="It happens once a batch is learned by heart, or at padding and zeros, and then every parameter is NaN.",
    mend="Add a small number under the root, or use the squared error.",
    edits=(*edits("mlp"), *edits("lstm")),
    alike=("nan-through-where",),
    words=("sqrt", r"\bnorm\(", r"\*\* ?\(?(0?\.5|1 ?/ ?2)"),
)
