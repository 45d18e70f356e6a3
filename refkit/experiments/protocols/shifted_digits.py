"""Domain adaptation: digits with labels, and shifted ones to be told; what LeNet reaches with and without the target's labels."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy
from refkit.references import coral, lenet
from refkit.results.record import Metric

SHOTS = 5  # labelled target examples of each class for fine-tuning
EPOCHS, TUNING = 50, 50  # on the digits: over the source's examples, and then over the target's few
SHIFTS = {"rotated": "rotated by 30 degrees", "inverted": "inverted"}


def digits(how: str) -> tuple[np.ndarray, ...]:
    """Source pictures and labels, target pictures and labels of other digits, and target pictures and labels to test."""
    x, labels = lenet.digits()
    test, source, target = np.split(np.random.default_rng(0).permutation(len(x)), [359, 1078])
    return cut(x, labels, source, target, how) + (coral.shift(x[test], how), labels[test])


def mnist(how: str) -> tuple[np.ndarray, ...]:
    """The halves of MNIST's training pictures, the second one shifted, and its test pictures, shifted."""
    from refkit.datasets.arrays import load_arrays

    arrays = load_arrays("mnist")
    (x, labels), (test_x, test_labels) = (
        (arrays[part]["image"], arrays[part]["label"].astype(np.int32)) for part in ("train", "test")
    )
    source, target = np.split(np.random.default_rng(0).permutation(len(x)), 2)
    return cut(x, labels, source, target, how) + (coral.shift(test_x, how), test_labels)


def cut(x, labels, source, target, how: str) -> tuple[np.ndarray, ...]:
    return x[source], labels[source], coral.shift(x[target], how), labels[target]


PICTURES = {"digits": digits, "mnist": mnist}


def adapted(data: str, how: str):
    """Labelled source pictures beside target pictures without labels."""

    def examples(seed: int) -> Examples:
        x, labels, target_x, _, test_x, test_labels = PICTURES[data](how)
        test = (lenet.preprocess(test_x), test_labels)
        train = (lenet.preprocess(x), lenet.preprocess(target_x), labels)
        return Examples(train, test, floors=(((x,), labels), ((test_x,), test_labels)))

    return examples


def supervised(data: str, how: str, which: str):
    """Labelled pictures alone: of the source, of the target, or of the source and then a few of the target."""

    def examples(seed: int) -> Examples:
        x, labels, target_x, target_labels, test_x, test_labels = PICTURES[data](how)
        few = few_of_each(target_labels, seed)
        train = (target_x, target_labels) if which == "target_trained" else (x, labels)
        then = (lenet.preprocess(target_x[few]), target_labels[few])
        scaled = [(lenet.preprocess(images), told) for images, told in (train, (test_x, test_labels))]
        floors = tuple(((images,), told) for images, told in (train, (test_x, test_labels)))
        return Examples(*scaled, floors=floors, then=then if which == "fine_tuned" else None)

    return examples


def few_of_each(labels: np.ndarray, seed: int) -> np.ndarray:
    """Rows of a few examples of each class, others for another seed."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.hstack([order[labels[order] == label][:SHOTS] for label in range(labels.max() + 1)])


def budget(data: str, fine_tuned: bool = False) -> dict:
    """Epochs and what is set otherwise than in the reference."""
    epochs = EPOCHS if data == "digits" else 5
    more = {"epochs": epochs + TUNING, "then_after": epochs} if fine_tuned else {"epochs": epochs}
    if data == "mnist":
        more |= {"config": (("learning_rate", 1e-3), ("batch_size", 128)), "needs": "MNIST, prepared"}
    return more


def adapt_with(reference: str, note: str) -> tuple[Protocol, ...]:
    """A method's experiments: the digits, rotated and inverted, and MNIST likewise."""
    return tuple(
        Protocol(
            reference,
            f"{how}_{data}",
            f"{data} with labels, and as many others, {SHIFTS[how]}, without; those are told",
            adapted(data, how),
            Metric("accuracy"),
            accuracy,
            floor_score=floor_scores.accuracy,
            seeds=5,
            note=f"{note} The floor and the ceiling are `lenet` on `{how}_{data}/source_only` and `…/target_trained`.",
            **budget(data),
        )
        for data in PICTURES
        for how in SHIFTS
    )


TRAINED = {
    "source_only": "trained on the others alone: the floor",
    "fine_tuned": f"trained on the others, and then 50 epochs on {SHOTS} of them of each class",
    "target_trained": "trained on as many of them, with their labels: the ceiling",
}
LENET_PROTOCOLS = tuple(
    Protocol(
        "lenet",
        f"{how}_{data}/{which}",
        f"{data}, {SHIFTS[how]}; {words}",
        supervised(data, how, which),
        Metric("accuracy"),
        accuracy,
        floor_score=floor_scores.accuracy,
        seeds=5,
        **budget(data, which == "fine_tuned"),
    )
    for data in PICTURES
    for how in SHIFTS
    for which, words in TRAINED.items()
)
