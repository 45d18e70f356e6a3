"""NumPy's random numbers under jit."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace
from refkit.edits.training import REFERENCES, UPDATE

NOISE = "grads = jax.tree.map(lambda leaf: leaf * np.random.uniform(0.9, 1.1, leaf.shape), grads)"


def edit(reference: str) -> Edit:
    return Edit(reference, (Replace(UPDATE, f"{NOISE}\n{UPDATE}"),), visible=NOISE, where="noise on the gradients")


BUG = Bug(
    id="numpy-random-in-jit",
    group="randomness and JAX",
    rung="train-eval",
    what="Random numbers of NumPy or Python are drawn in a jitted function.",
    shows="They are drawn once, when JAX traces, and are constants of every later step.",
    harm="A mask or a noise that should change is the same for ever.",
    mend="Draw with `jax.random` from a key that each step is given.",
    edits=tuple(edit(reference) for reference in REFERENCES),
    alike=("dropout-key-fixed",),
)
