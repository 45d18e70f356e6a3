"""A modality that never reaches the output."""

from refkit.edits.bug import Bug
from refkit.edits.edit import Edit, Replace, Rewrite

JOINED = r"x = jnp\.concatenate\(\[(image_vector|words_vector), (image_vector|words_vector)\], axis=-1\)"
WIDTH = "flat_features(config) + config.hidden"


def edit(changes: tuple, visible: str, where: str, rung: str = "forward") -> Edit:
    return Edit("multimodal", changes, visible=visible, where=where, rung=rung)


def alone(vector: str, width: str, where: str) -> Edit:
    """One vector goes on by itself: the first dense layer has fewer inputs."""
    return edit((Rewrite(JOINED, f"x = {vector}"), Replace(WIDTH, width)), f"x = {vector}", where, "structure")


BUG = Bug(
    id="branch-unused",
    group="architecture",
    rung="forward",
    what="One of the two modalities does not reach the output: its vector is dropped, overwritten or zero.",
    shows="Changing that input changes nothing, and the gradient of its whole branch is exactly 0.",
    harm="The model is a single-modality one that costs as much as two; it can look good where the other modality says little.",
    mend="Put both vectors into the merged one, and test that each input changes the output.",
    edits=(
        edit(
            (Replace("[image_vector, words_vector]", "[image_vector, jnp.zeros_like(words_vector)]"),),
            "[image_vector, jnp.zeros_like(words_vector)]",
            "words are zero",
        ),
        edit(
            (Replace("[image_vector, words_vector]", "[jnp.zeros_like(image_vector), words_vector]"),),
            "[jnp.zeros_like(image_vector), words_vector]",
            "picture is zero",
        ),
        alone("image_vector", "flat_features(config)", "words are dropped"),
        alone("words_vector", "config.hidden", "picture is dropped"),
        edit(
            (
                Replace("[image_vector, words_vector]", "[image_vector, image_vector]"),
                Replace(WIDTH, "2 * flat_features(config)"),
            ),
            "[image_vector, image_vector]",
            "the picture twice",
            "structure",
        ),
        edit(
            (
                Replace("[image_vector, words_vector]", "[words_vector, words_vector]"),
                Replace(WIDTH, "2 * config.hidden"),
            ),
            "[words_vector, words_vector]",
            "the words twice",
            "structure",
        ),
    ),
)
