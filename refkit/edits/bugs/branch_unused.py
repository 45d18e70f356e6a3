"""A modality that never reaches the output."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Rewrite

# Whichever of the two comes first.
JOINED = r"x = jnp\.concatenate\(\[\w+, \w+\], axis=-1\)"
WIDTH = r"flat_features\(config\) \+ ((?:2 \* )?config\.hidden)"


def zero(vector: str, where: str) -> Edit:
    """The branch is run and its vector replaced by zeros."""
    change = Rewrite(rf"(x = jnp\.concatenate\(\[.*)\b{vector}\b", rf"\1jnp.zeros_like({vector})")
    return Edit("multimodal", (change,), visible=f"jnp.zeros_like({vector})", where=where)


def alone(line: str, width: str, where: str) -> Edit:
    """One vector goes on by itself, or twice: the first dense layer has another number of inputs."""
    return Edit("multimodal", (Rewrite(JOINED, line), Rewrite(WIDTH, width)), {}, line, where, rung="structure")


BUG = Bug(
    id="branch-unused",
    group="architecture",
    rung="forward",
    what="One of the two modalities does not reach the output: its vector is dropped, overwritten or zero.",
    shows="Changing that input changes nothing, and the gradient of its whole branch is exactly 0.",
    harm="The model is a single-modality one that costs as much as two; it can look good where the other modality "
    "says little.",
    blames="zeros",
    mend="Put both vectors into the merged one, and test that each input changes the output.",
    edits=(
        zero("words_vector", "words are zero"),
        zero("image_vector", "picture is zero"),
        alone("x = image_vector", "flat_features(config)", "words are dropped"),
        alone("x = words_vector", r"\1", "picture is dropped"),
        alone("x = jnp.concatenate([image_vector] * 2, axis=-1)", "2 * flat_features(config)", "the picture twice"),
        alone("x = jnp.concatenate([words_vector] * 2, axis=-1)", r"2 * \1", "the words twice"),
    ),
)
