"""A penalty that outweighs the data."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import gradient

PENALTY = "10.0 * sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))"
PENALISED = f"loss, grads = nnx.value_and_grad(lambda model: loss_fn(model, x, labels) + {PENALTY})(model)"

BUG = Bug(
    id="regulariser-overwhelms",
    group="loss",
    rung="update",
    of_learning=True,
    what="A penalty on the parameters is many times the loss of the data.",
    shows="The loss falls fast and far, and the accuracy stays at that of guessing.",
    harm="All parameters are drawn to zero, and the model answers the same for every input.",
    mend="Divide the penalty's strength by a hundred or more, and take it once, not for every example.",
    edits=tuple(
        Edit(r, (Replace(gradient(r), PENALISED),), visible=PENALISED, where="the whole sum of squares")
        for r in ("mlp", "lenet")
    ),
    alike=("loss-summed-over-batch",),
)
