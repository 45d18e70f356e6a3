"""The multimodal reference's known results: questions on pictures."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy
from refkit.references import multimodal
from refkit.results.record import READ, TIERS, TRANSCRIBED, Metric, Published

UNOFFICIAL, SIMILAR = TIERS[2], TIERS[5]
SAMPLED = 10_000  # questions that the baselines are fitted on
EASY_VQA = "easy-VQA-keras, README"


def shapes_and_questions(seed: int) -> Examples:
    """As the reference generates them."""
    parts = [multimodal.shapes_and_questions(count, seed=k) for k, count in enumerate((10_000, 2_000))]
    scaled = [(multimodal.preprocess(images), words, labels) for images, words, labels in parts]
    return Examples(*scaled, floors=tuple(((images, words), labels) for images, words, labels in parts))


def questions_on_pictures(name: str):
    """A set in which each picture is kept once, and each question has the number of its picture."""

    def examples(seed: int) -> Examples:
        from refkit.datasets.arrays import load_arrays

        found, floors = [], []
        for part, columns in load_arrays(name).items():
            count, images = len(columns["label"]), columns["image"]
            pictures, words, labels = columns["picture"], columns["words"], columns["label"].astype(np.int32)
            found.append((Pictures(images, pictures), words, labels))
            rows = np.random.default_rng(0).permutation(count)[:SAMPLED] if part == "train" else np.arange(count)
            floors.append(((coarse(images)[pictures[rows]], words[rows]), labels[rows]))
        return Examples(*found, floors=tuple(floors), groups=kinds_of(load_arrays(name)["test"]))

    return examples


class Pictures:
    """The pictures of questions, each kept once: rows of it are pictures `f32[rows, height, width, channels]`.

    Args:
        images: `u8[pictures, height, width, channels]`.
        numbers: of each question's picture, `i32[questions]`.
    """

    def __init__(self, images: np.ndarray, numbers: np.ndarray):
        self.images, self.numbers = images, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        return multimodal.preprocess(self.images[self.numbers[rows]])


def kinds_of(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Test questions by kind, where the set tells the relational ones."""
    if "relational" not in columns:
        return {}
    return {"relational": columns["relational"], "non-relational": ~columns["relational"]}


def coarse(images: np.ndarray) -> np.ndarray:
    """Pictures at a fifth of their height and width, for the baselines: means of windows, `u8`."""
    height, width = images.shape[1] // 5, images.shape[2] // 5
    cut = images[:, : height * 5, : width * 5].reshape(len(images), height, 5, width, 5, -1)
    return cut.mean(axis=(2, 4)).astype(np.uint8)


def on_pictures(data: str, task: str, classes: int, picture: tuple[int, int, int], **more) -> Protocol:
    return Protocol(
        "multimodal",
        data,
        f"{task}; LeNet's convolutions beside an LSTM of 64 units, 128 units, Adam at 1e-3, batches of 64",
        questions_on_pictures(data),
        Metric("accuracy"),
        accuracy,
        config=(
            ("image", picture),
            ("vocabulary", lambda examples: int(examples.train[1].max()) + 1),
            ("classes", classes),
            ("learning_rate", 1e-3),
            ("batch_size", 64),
        ),
        floor_score=floor_scores.accuracy,
        **more,
    )


PROTOCOLS = (
    Protocol(
        "multimodal",
        "shapes_and_questions",
        "shapes and questions, 10,000 and 2,000 of them, generated; Adam at 3e-4, batches of 32, 10 epochs",
        shapes_and_questions,
        Metric("accuracy"),
        accuracy,
        epochs=10,
        floor_score=floor_scores.accuracy,
    ),
    on_pictures(
        "easy_vqa",
        "easy-VQA, 38,575 and 9,673 questions on 5,000 pictures of one shape, 10 epochs",
        classes=13,
        picture=(64, 64, 3),
        epochs=10,
        seeds=3,
        published=(
            Published("words and picture multiplied, 8 epochs", 0.938, EASY_VQA, READ, SIMILAR),
            Published("words and picture multiplied, 1 epoch", 0.684, EASY_VQA, READ, SIMILAR),
            Published("a larger model", 0.995, EASY_VQA, READ, SIMILAR),
        ),
        note="Theirs multiplies the two vectors where ours sets them side by side, and has other layers before that; which of "
        "these makes the difference has not been tried.",
        needs="easy-VQA, in TFDS's manual folder",
    ),
    on_pictures(
        "sort_of_clevr",
        "Sort-of-CLEVR with worded questions, 196,000 and 4,000 of them on 10,000 pictures, 10 epochs",
        classes=10,
        picture=(75, 75, 3),
        epochs=10,
        seeds=1,
        published=(
            Published(
                "CNN and question concatenated, half of each kind, 10 epochs",
                0.505,
                "kimhc6028/relational-networks, README",
                READ,
                UNOFFICIAL,
                note="58 % of the non-relational and 43 % of the relational ones; 66 and 66 at epoch 100",
            ),
            Published(
                "CNN and MLP, Santoro et al. 2017, half of each kind", 0.785, "arXiv:1706.01427", TRANSCRIBED, SIMILAR
            ),
        ),
        note="One seed: on two cores it takes the better part of an hour.",
    ),
)
