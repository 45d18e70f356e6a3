"""Tiny Shakespeare as characters: each one is to be told from those before it."""

import numpy as np

from refkit.datasets.view import Arrays, View
from refkit.errors import RefkitError

STEPS = 100


def find_vocabulary(text: str) -> str:
    """The characters that occur, each once, sorted: a character's id is its place.

    >>> find_vocabulary("to be")
    ' beot'
    """
    return "".join(sorted(set(text)))


def encode(text: str, vocabulary: str) -> np.ndarray:
    """The ids of a text's characters, `i32[characters]`.

    >>> encode("toe", " beot")
    array([4, 3, 2], dtype=int32)

    Raises:
        RefkitError: a character is not in the vocabulary.
    """
    ids = {character: i for i, character in enumerate(vocabulary)}
    try:
        return np.array([ids[character] for character in text], np.int32)
    except KeyError as error:
        raise RefkitError(f"the character {error} does not occur in the training text: its id is unknown") from None


def cut(ids: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Stretches side by side, `i32[n, steps]`, and the character after each of theirs, `i32[n, steps]`.

    Every stretch goes on where the one before it ended; what is left over at the end is dropped.

    >>> inputs, targets = cut(np.arange(8), steps=3)
    >>> inputs.tolist(), targets.tolist()
    ([[0, 1, 2], [3, 4, 5]], [[1, 2, 3], [4, 5, 6]])
    """
    stretches = (len(ids) - 1) // steps
    inputs, targets = ids[: stretches * steps], ids[1 : stretches * steps + 1]
    return inputs.reshape(stretches, steps), targets.reshape(stretches, steps)


def see(arrays: Arrays) -> Arrays:
    """Stretches of 100 characters; the vocabulary is the training text's. Other lengths: `encode` and `cut`."""
    texts = {split: columns["text"][0].decode() for split, columns in arrays.items()}
    vocabulary = find_vocabulary(texts["train"])
    parts = {split: cut(encode(text, vocabulary), STEPS) for split, text in texts.items()}
    return {split: {"characters": inputs, "next": targets} for split, (inputs, targets) in parts.items()}


SHAKESPEARE_CHARACTERS = View(
    "shakespeare_characters", of="tiny_shakespeare", see=see, inputs=("characters",), target="next"
)
