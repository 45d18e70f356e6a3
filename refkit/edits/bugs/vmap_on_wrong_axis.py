"""A function mapped over another axis than the examples."""

from refkit.edits.bug import Bug
from refkit.edits.bugs.recurrence_over_batch import EXCHANGED, RUN, SCAN
from refkit.edits.bugs.wrong_stride_or_kernel import POOLS
from refkit.edits.edit import Edit, Insert, Replace
from refkit.edits.places import CLASSES, CROSS_ENTROPY, FIRST, ONE_HOT

OVER_TIME = "states = jax.vmap(lambda x: run(self.cell, x[None])[0], in_axes=1, out_axes=1)(x)"
LOG_SOFTMAX = "log_probabilities = jax.vmap(nnx.log_softmax, in_axes=1, out_axes=1)(logits)"
COLUMNS = "losses = jax.vmap(optax.softmax_cross_entropy, in_axes=1)(logits, classes)"
DIFFERENCES = "losses = jax.vmap(lambda z, t: jax.nn.logsumexp(z) - z @ t, in_axes=1)(logits, classes)"
CHOSEN = "losses = -jnp.take_along_axis(log_probabilities, labels[..., None], axis=-1)[..., 0]"


def output_edits() -> list[Edit]:
    """Softmax and loss, written for one example, mapped over the classes."""
    found = []
    for reference, options in CLASSES.items():
        for name, output in (("softmax", "softmax"), ("log_softmax", "log-softmax")):
            new = f"x = jax.vmap(nnx.{name}, in_axes=1, out_axes=1)(x)"
            options_too = options | {"output": output}
            change = Replace(f"x = nnx.{name}(x)", new)
            found.append(Edit(reference, (change,), options_too, new, f"{output} mapped over classes", "forward"))
        change = Replace(CROSS_ENTROPY, ONE_HOT + COLUMNS)
        found.append(Edit(reference, (change,), options, COLUMNS, "one-hot loss mapped over classes", "loss"))
        change = Replace(CROSS_ENTROPY, ONE_HOT + DIFFERENCES)
        found.append(Edit(reference, (change,), options, DIFFERENCES, "log-sum-exp mapped over classes", "loss"))
        change = Replace(CROSS_ENTROPY, f"{LOG_SOFTMAX}  # f32[batch, classes]\n{CHOSEN}")
        found.append(Edit(reference, (change,), options, LOG_SOFTMAX, "loss mapped over classes", "loss"))
    return found


def picture_edits(reference: str) -> list[Edit]:
    call, x = FIRST[reference]
    rows = f"x = jax.vmap(self.conv1, in_axes=1, out_axes=1)({x})"
    turned = f"{x} = {x}.swapaxes(0, 1)"
    columns = f"x = jax.vmap(self.conv1, in_axes=2, out_axes=2)({x})"
    return [
        Edit(reference, (Replace(call, rows),), visible=rows, where="conv1 mapped over rows"),
        Edit(reference, (Replace(call, columns),), visible=columns, where="conv1 mapped over columns"),
        Edit(
            reference, (Insert(call, turned, before=True),), visible=turned, where="model mapped over rows", rung="runs"
        ),
    ]


def pooling_edits(reference: str) -> list[Edit]:
    """The second pooling, written for one plane, mapped over rows or columns: its planes have the channels for an axis."""
    found = []
    for axis, over in ((1, "rows"), (2, "columns")):
        plane = POOLS[2].partition("  #")[0].removeprefix("x = ").replace("x,", "plane[..., None],")
        new = f"x = jax.vmap(lambda plane: {plane}[..., 0], in_axes={axis}, out_axes={axis})(x)"
        found.append(Edit(reference, (Replace(POOLS[2], new),), visible=new, where=f"pooling 2 mapped over {over}"))
    return found


def feature_edits() -> list[Edit]:
    """The first layer mapped over features: it gets a vector with one number an example, and raises."""
    call = "x = self.dense1(x)"
    new = "x = jax.vmap(self.dense1, in_axes=1)(x)"
    agreeing = {"features": "7"}  # as many as the probe has examples
    return [
        Edit("mlp", (Replace(call, new),), visible=new, where="dense1 mapped over features", rung="runs"),
        Edit(
            "mlp", (Replace(call, new),), agreeing, visible=new, where="dense1 mapped over as many features as examples"
        ),
    ]


def step_edits(reference: str) -> list[Edit]:
    """The recurrence for one sequence mapped over time; without `out_axes` time takes the examples' place for good."""
    mapped = Replace(RUN, OVER_TIME)
    lost = OVER_TIME.replace(", out_axes=1", "")
    return [
        Edit(reference, (mapped,), visible=OVER_TIME, where="recurrence mapped over time"),
        Edit(reference, EXCHANGED, visible=SCAN, where="every recurrence mapped over time"),
        Edit(reference, (Replace(RUN, lost),), visible=lost, where="model mapped over time", rung="runs"),
    ]


BUG = Bug(
    id="vmap-on-wrong-axis",
    group="randomness and JAX",
    rung="forward",
    what="A function for one example is mapped with `vmap` over an axis that is not the batch's: rows, time or "
    "classes.",
    shows="Shapes often come out right; changing one example changes the outputs of others.",
    harm="The function takes examples for what it should see within one: convolutions run over the batch, softmaxes "
    "compare examples.",
    mend="Map over axis 0, where the examples are, and say `in_axes` and `out_axes` for any other layout.",
    edits=(
        *feature_edits(),
        *output_edits(),
        *picture_edits("lenet"),
        *picture_edits("multimodal"),
        *pooling_edits("lenet"),
        *pooling_edits("multimodal"),
        *step_edits("lstm"),
        *step_edits("multimodal"),
    ),
    alike=("softmax-over-batch", "recurrence-over-batch", "reshape-for-transpose"),
    words=(r"\bvmap\b",),
    blames="words",
)
