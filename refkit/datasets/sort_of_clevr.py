"""Sort-of-CLEVR in words: six objects, questions on one of them and on how it stands to the others."""

from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from refkit.datasets.offline import OfflineBuilder
from refkit.datasets.picture_questions import list_questions

SIZE, HALF_SIDE = 75, 5
COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "orange": (255, 156, 0),
    "gray": (128, 128, 128),
    "yellow": (255, 255, 0),
}
NON_RELATIONAL = (
    "what is the shape of the {} object",
    "is the {} object in the left half",
    "is the {} object in the upper half",
)
RELATIONAL = (
    "what shape is closest to the {} object",
    "what shape is furthest from the {} object",
    "how many are shaped like the {} object",  # itself among them
)
QUESTIONS = [
    [question.format(colour).split() for question in NON_RELATIONAL + RELATIONAL] for colour in COLOURS
]  # by colour and kind, 8 words each
VOCABULARY = sorted({word for kinds in QUESTIONS for question in kinds for word in question})  # ids from 1
ANSWERS = ("no", "yes", "rectangle", "circle", "1", "2", "3", "4", "5", "6")
EACH = 10  # questions of either sort on a picture


def place_objects(rng: np.random.Generator, pictures: int) -> np.ndarray:
    """Centres `(x, y)`, uniform in 5..69 and at least 10 apart, `i64[pictures, 6, 2]`."""
    centres = np.zeros((pictures, len(COLOURS), 2), int)
    for number in range(len(COLOURS)):
        left = np.arange(pictures)
        while len(left):
            centres[left, number] = rng.integers(HALF_SIDE, SIZE - HALF_SIDE, (len(left), 2))
            apart = centres[left, :number] - centres[left, number, None]
            left = left[((apart**2).sum(axis=-1) < (2 * HALF_SIDE) ** 2).any(axis=1)]
    return centres


def draw(centres: np.ndarray, circular: np.ndarray) -> np.ndarray:
    """Filled squares and circles on white, `u8[pictures, 75, 75, 3]`; where they overlap the later colour is seen."""
    images = np.full((len(centres), SIZE, SIZE, 3), 255, np.uint8)
    y, x = np.mgrid[-HALF_SIDE : HALF_SIDE + 1, -HALF_SIDE : HALF_SIDE + 1].reshape(2, -1)
    inside = x**2 + y**2 <= HALF_SIDE**2
    for number, colour in enumerate(COLOURS.values()):
        for round_, chosen in ((False, slice(None)), (True, inside)):
            which = np.flatnonzero(circular[:, number] == round_)[:, None]
            images[which, centres[which, number, 1] + y[chosen], centres[which, number, 0] + x[chosen]] = colour
    return images


def find_answers(centres: np.ndarray, circular: np.ndarray) -> np.ndarray:
    """The answer to every kind of question on every object, `i32[pictures, 6, 6]`: the places in `ANSWERS`."""
    shapes = circular + ANSWERS.index("rectangle")
    distances = ((centres[:, :, None] - centres[:, None]) ** 2).sum(axis=-1)  # i64[pictures, 6, 6]
    itself = np.eye(len(COLOURS), dtype=bool)
    closest = np.where(itself, distances.max() + 1, distances).argmin(axis=-1)
    same = (circular[:, :, None] == circular[:, None]).sum(axis=-1)
    in_first_half = centres < SIZE / 2  # bool[pictures, 6, (left, upper)]
    answers = [
        shapes,
        in_first_half[..., 0],
        in_first_half[..., 1],
        np.take_along_axis(shapes, closest, axis=1),
        np.take_along_axis(shapes, distances.argmax(axis=-1), axis=1),
        same - 1 + ANSWERS.index("1"),
    ]
    return np.stack(answers, axis=-1).astype(np.int32)


def sort_of_clevr(pictures: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, and on each 10 questions on an object alone, then 10 on how it stands to the others.

    The recipe of github kimhc6028/relational-networks, after Santoro et al. (2017), in words. The object and the kind
    of a question are drawn alike, so one may come twice.

    Returns:
        `u8[pictures, 75, 75, 3]`; words as ids, `i32[pictures, 20, 8]`, from 1: the place in `VOCABULARY` and 1;
        answers, `i32[pictures, 20]`: the place in `ANSWERS`; whether the question is relational, `bool[pictures, 20]`.
    """
    rng = np.random.default_rng(seed)
    centres = place_objects(rng, pictures)
    circular = rng.integers(2, size=centres.shape[:2])
    relational = np.broadcast_to(np.arange(2 * EACH) >= EACH, (pictures, 2 * EACH))
    colours = rng.integers(len(COLOURS), size=relational.shape)
    kinds = rng.integers(len(RELATIONAL), size=relational.shape) + len(NON_RELATIONAL) * relational
    ids = np.array([[[1 + VOCABULARY.index(word) for word in words] for words in row] for row in QUESTIONS], np.int32)
    answers = find_answers(centres, circular)[np.arange(pictures)[:, None], colours, kinds]
    return draw(centres, circular), ids[colours, kinds], answers, relational


class SortOfClevr(OfflineBuilder):
    """10,000 pictures of six objects, each with 20 questions of eight words; see `sort_of_clevr`."""

    PICTURES: ClassVar = {"train": 9_800, "test": 200}
    inputs, target = ("image", "words"), "label"

    def columns(self):
        return {
            "image": tfds.features.Tensor(shape=(SIZE, SIZE, 3), dtype=np.uint8),
            "words": tfds.features.Tensor(shape=(2 * EACH, 8), dtype=np.int32),
            "label": tfds.features.Tensor(shape=(2 * EACH,), dtype=np.int32),
            "relational": tfds.features.Tensor(shape=(2 * EACH,), dtype=np.bool_),
        }

    arrange = staticmethod(list_questions)

    def splits(self):
        return {split: sort_of_clevr(pictures, seed) for seed, (split, pictures) in enumerate(self.PICTURES.items())}
