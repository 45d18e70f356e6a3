"""A step that lets no gradient through."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace, Rewrite
from refkit.edits.places import CLASSES, CROSS_ENTROPY, FLATTEN, LAYERS, SQUARED_ERROR, TARGETS

MANNERS = {
    "stop_gradient": "jax.lax.stop_gradient({})",
    "rounding": "jnp.round({})",
    "an integer cast": "({}).astype(jnp.int32).astype(jnp.float32)",
}


def through(text: str, line: str) -> str:
    """`x = f(x)` as `x = manner(f(x))`; a shape comment stays."""
    name, _, value = line.partition(" = ")
    value, comment, shape = value.partition("  #")
    return f"{name} = {text.format(value)}{comment}{shape}"


def layer_edits() -> list[Edit]:
    found = []
    for layer in LAYERS:
        for manner, text in MANNERS.items():
            if layer.activation:
                new = through(text, layer.activation)
                where, change = f"{manner} after {layer.name}", Replace(layer.activation, new)
            else:
                new = through(text, layer.call)
                where, change = f"{manner} on the output", Replace(layer.call, new)
            rung = "gradients" if manner == "stop_gradient" else "forward"
            found.append(Edit(layer.reference, (change,), layer.options, visible=new, where=where, rung=rung))
    return found


def line_edits(reference: str, lines: dict[str, tuple[str, dict[str, str]]]) -> list[Edit]:
    found = []
    for where, (line, options) in lines.items():
        for manner, text in MANNERS.items():
            new, rung = through(text, line), "gradients" if manner == "stop_gradient" else "forward"
            found.append(Edit(reference, (Replace(line, new),), options, new, f"{manner} on {where}", rung))
    return found


def state_edits(reference: str) -> list[Edit]:
    """The gradient through time, and what goes in and out of the recurrence."""
    call = "c, h = cell(*state, x_t)"
    whole = "c, h = cell(*jax.lax.stop_gradient(state), x_t)"
    cell = "c, h = cell(jax.lax.stop_gradient(state[0]), state[1], x_t)"
    hidden = "c, h = cell(state[0], jax.lax.stop_gradient(state[1]), x_t)"
    states, new = "states = run(self.cell, x)", "states = jax.lax.stop_gradient(run(self.cell, x))"
    return [
        Edit(reference, (Replace(call, whole),), visible=whole, where="stop_gradient on the carried state"),
        Edit(reference, (Replace(call, cell),), visible=cell, where="stop_gradient on the carried cell state"),
        Edit(reference, (Replace(call, hidden),), visible=hidden, where="stop_gradient on the carried hidden state"),
        Edit(reference, (Replace(states, new),), visible=new, where="stop_gradient on the states"),
    ]


def pool_edits(reference: str) -> list[Edit]:
    lines = {
        f"the picture after pooling {k}": (f"x = pool(x, (2, 2), strides=(2, 2))  # {shape}", {})
        for k, shape in ((1, "f32[batch, 14, 14, 6]"), (2, "f32[batch, 5, 5, 16]"))
    }
    return line_edits(reference, lines)


def loss_edits() -> list[Edit]:
    found = []
    for reference, options in CLASSES.items():
        wrong = "losses = (logits.argmax(axis=-1) != labels).astype(jnp.float32)"
        where = "share of wrong answers as the loss"
        found.append(
            Edit(reference, (Replace(CROSS_ENTROPY, wrong),), options, visible=wrong, where=where, rung="loss")
        )
        stopped = CROSS_ENTROPY.replace("(logits,", "(jax.lax.stop_gradient(logits),")
        where = "stop_gradient on the logits"
        found.append(Edit(reference, (Replace(CROSS_ENTROPY, stopped),), options, visible=stopped, where=where))
    for reference, options in TARGETS.items():
        new = SQUARED_ERROR.replace("predictions", "jax.lax.stop_gradient(predictions)")
        where = "stop_gradient on the predictions"
        found.append(Edit(reference, (Replace(SQUARED_ERROR, new),), options, visible=new, where=where))
    return found


def word_edits() -> list[Edit]:
    lines = {"lstm": ("x = self.embedding(x)", {"embedding": "24x16"}), "multimodal": ("x = self.embedding(words)", {})}
    return [edit for reference, line in lines.items() for edit in line_edits(reference, {"the embedded words": line})]


def vector_edits() -> list[Edit]:
    found = []
    for vector in ("image_vector", "words_vector"):
        change = Rewrite(rf"(concatenate\(\[.*)\b{vector}\b", rf"\1jax.lax.stop_gradient({vector})")
        visible = f"jax.lax.stop_gradient({vector})"
        found.append(Edit("multimodal", (change,), visible=visible, where=f"stop_gradient on {vector} as it is merged"))
    return found


BUG = Bug(
    id="gradient-stopped",
    group="randomness and JAX",
    rung="gradients",
    what="A step on the way to the loss lets no gradient through: `stop_gradient`, `argmax`, rounding or an integer "
    "cast.",
    shows="Values are right, or rounded; the gradient of every parameter before the step is exactly 0.",
    harm="The layers before it are never trained and stay as random as they began.",
    mend="Take the step off the path to the loss, or use a smooth one in its place.",
    edits=(
        *layer_edits(),
        *(
            edit
            for reference, line in FLATTEN.items()
            for edit in line_edits(reference, {"the flat picture": (line, {})})
        ),
        *pool_edits("lenet"),
        *pool_edits("multimodal"),
        *line_edits("lstm", {"the last state": ("x = states[:, -1]", {})}),
        *line_edits("multimodal", {"the last state": ("words_vector = states[:, -1]", {})}),
        *state_edits("lstm"),
        *state_edits("multimodal"),
        *word_edits(),
        *vector_edits(),
        *loss_edits(),
    ),
    alike=("stale-closure",),
    words=("stop_gradient", r"\bastype\(", r"\b(argmax|argmin|round|rint|floor|ceil|sign|one_hot|int32)\b"),
)
