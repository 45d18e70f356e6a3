"""One key for two draws."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Insert
from refkit.edits.training import REFERENCES, gradient

KEY = "key = jax.random.fold_in(jax.random.key(0), optimizer.step.value)"
NOISE = "noise = [1e-4 * jax.random.normal(key, leaf.shape) for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))]"
ADD = """nnx.update(model, jax.tree.unflatten(
    jax.tree.structure(nnx.state(model, nnx.Param)),
    [leaf + more for leaf, more in zip(jax.tree.leaves(nnx.state(model, nnx.Param)), noise)],
))"""


def edit(reference: str) -> Edit:
    lines = "\n".join((KEY, NOISE, ADD))
    return Edit(
        reference, (Insert(gradient(reference), lines, before=True),), visible=NOISE, where="noise on the parameters"
    )


BUG = Bug(
    id="key-reused",
    group="randomness and JAX",
    rung="train-eval",
    what="Two draws that should be independent come from one key.",
    shows="Two masks, or a mask and a noise, are the same or share their first numbers.",
    harm="What should be independent moves together, and averages out less.",
    mend="Split the key, and give every draw a part of its own.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("dropout-key-fixed",),
)
