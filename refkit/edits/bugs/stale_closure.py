"""Parameters closed over."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert, Replace, Rewrite
from refkit.edits.places import LAST, LAYERS
from refkit.edits.training import EPOCH, REFERENCES, STEP, UPDATE

FROZEN = '''def frozen(layer: nnx.Module) -> nnx.Module:
    """The same layer with its parameters as constants, as where a function closes over them."""
    graph, state = nnx.split(layer)
    return nnx.merge(graph, jax.tree.map(jax.lax.stop_gradient, state))


'''
DEFINE = Insert("def loss_fn(", FROZEN + "\n", before=True)


def edit(reference: str, old: str, new: str, where: str, options: dict[str, str]) -> Edit:
    return Edit(reference, (Replace(old, new), DEFINE), options, visible=new, where=where)


def layer_edits() -> list[Edit]:
    return [
        edit(
            layer.reference,
            layer.call,
            layer.call.replace(f"self.{layer.name}(", f"frozen(self.{layer.name})("),
            f"parameters of {layer.name}",
            layer.options,
        )
        for layer in LAYERS
    ]


def cell_edits(reference: str, call: str, options: dict[str, str]) -> list[Edit]:
    embedding = call.replace("self.embedding(", "frozen(self.embedding)(")
    return [
        edit(reference, "run(self.cell, x)", "run(frozen(self.cell), x)", "parameters of the LSTM", {}),
        edit(reference, call, embedding, "the embedding", options),
    ]


def model_edit(reference: str) -> Edit:
    change = Rewrite(r"^(    \w+ = )model\((.*)\)  # f32", r"\1frozen(model)(\2)  # f32")
    return Edit(reference, (change, DEFINE), visible="= frozen(model)(", where="all parameters")


RATE = "grads = jax.tree.map(lambda leaf: rate * leaf, grads)"


def rate_edit(reference: str) -> Edit:
    """A factor of the gradients that the loop makes smaller, and that is read when the step is traced."""
    changes = (
        Insert(STEP, "rate = 1.0\n\n\n", before=True),
        Replace(UPDATE, f"{RATE}\n{UPDATE}"),
        Replace("def main() -> None:\n", "def main() -> None:\n    global rate\n"),
        Insert(EPOCH, "    rate *= 0.9"),
    )
    return Edit(reference, changes, visible=RATE, where="a rate that the loop changes", rung="update")


BUG = Bug(
    id="stale-closure",
    group="randomness and JAX",
    rung="gradients",
    what="Parameters are taken from a surrounding scope and not from the function's arguments, so that they are "
    "constants to JAX.",
    shows="Values are right at first; the gradient of those parameters is exactly 0, while that of layers before "
    "them is right.",
    harm="Those parameters are never trained, and a jitted function goes on with the values it was compiled with.",
    mend="Pass everything that is trained as an argument of the function that is differentiated and jitted.",
    edits=(
        *layer_edits(),
        *cell_edits("lstm", "x = self.embedding(x)", {"embedding": "24x16"}),
        *cell_edits("multimodal", "x = self.embedding(words)", {}),
        *(model_edit(reference) for reference in LAST),
        *(rate_edit(reference) for reference in REFERENCES),
    ),
    alike=("gradient-stopped", "part-frozen"),
    blames="closure",
)
