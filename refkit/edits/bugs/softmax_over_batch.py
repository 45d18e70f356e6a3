"""A softmax along the batch axis."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, LAST

CHOSEN = "jnp.take_along_axis(log_probabilities, labels[..., None], axis=-1)[..., 0]"
AXES = {"over examples": "0", "over the whole batch": "None"}


def edits() -> list[Edit]:
    found = []
    for reference, options in CLASSES.items():
        for where, axis in AXES.items():
            for name, output in (("softmax", "softmax"), ("log_softmax", "log-softmax")):
                old, new = f"x = nnx.{name}(x)", f"x = jax.nn.{name}(x, axis={axis})"
                options_too = options | {"output": output}
                place = f"{output} {where} in the model"
                found.append(
                    Edit(reference, (Replace(old, new),), options_too, visible=new, where=place, rung="forward")
                )
                line = f"{new}  # f32[batch, classes]"
                change = Insert(f"x = self.{LAST[reference]}(x)", line)
                place = f"{place}, before a loss on logits"
                found.append(Edit(reference, (change,), options, visible=new, where=place, rung="forward"))
            line = f"log_probabilities = jax.nn.log_softmax(logits, axis={axis})"
            new = f"{line}  # f32[batch, classes]\nlosses = -{CHOSEN}"
            place = f"softmax {where} in the loss"
            found.append(Edit(reference, (Replace(CROSS_ENTROPY, new),), options, visible=line, where=place))
        # The largest taken off each example, the sum over all: neither of the two functions.
        line = "log_probabilities = shifted - jnp.log(jnp.exp(shifted).sum(axis=0, keepdims=True))"
        shifted = "shifted = logits - logits.max(axis=-1, keepdims=True)  # f32[batch, classes]"
        new = f"{shifted}\n{line}  # f32[batch, classes]\nlosses = -{CHOSEN}"
        place = "sum over examples in the loss, behind each example's largest"
        found.append(Edit(reference, (Replace(CROSS_ENTROPY, new),), options, visible=line, where=place))
        lines = (
            "x = jnp.exp(x - x.max(axis=-1, keepdims=True))  # f32[batch, classes]",
            "x = x / x.sum(axis=0, keepdims=True)  # f32[batch, classes]",
        )
        place = "sum over examples in the model, behind each example's largest"
        change, options_too = (
            Replace("x = nnx.softmax(x)  # f32[batch, " + LAST[reference] + "]", "\n".join(lines)),
            options | {"output": "softmax"},
        )
        visible = lines[1].partition("  #")[0]
        found.append(Edit(reference, (change,), options_too, visible=visible, where=place, rung="forward"))
    # Over time, where there is an output a step.
    line = "log_probabilities = jax.nn.log_softmax(logits, axis=1)"
    change = Replace(CROSS_ENTROPY, f"{line}  # f32[batch, time, classes]\nlosses = -{CHOSEN}")
    every = CLASSES["lstm"] | {"outputs": "all"}
    return [*found, Edit("lstm", (change,), every, visible=line, where="softmax over time in the loss")]


BUG = Bug(
    id="softmax-over-batch",
    group="shapes",
    rung="loss",
    what="The softmax runs along the batch axis, or over everything, where it should run over each example's classes.",
    shows="Rows of probabilities do not sum to 1, columns do; an example's loss changes with the company it is in.",
    harm="The examples of a batch compete with one another: the model is trained on a quantity that a single example "
    "does not have.",
    mend="Take the softmax along the last axis, `axis=-1`, as Flax and JAX do by default.",
    edits=tuple(edits()),
    alike=("vmap-on-wrong-axis", "softmax-before-loss"),
)
