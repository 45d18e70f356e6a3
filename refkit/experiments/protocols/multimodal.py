"""The multimodal reference's known results."""

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy
from refkit.references import multimodal
from refkit.results.record import Metric


def shapes_and_questions(seed: int) -> Examples:
    """As the reference generates them."""
    parts = [multimodal.shapes_and_questions(count, seed=k) for k, count in enumerate((10_000, 2_000))]
    scaled = [(multimodal.preprocess(images), words, labels) for images, words, labels in parts]
    return Examples(*scaled, floors=tuple(((images, words), labels) for images, words, labels in parts))


PROTOCOLS = (
    Protocol(
        "multimodal",
        "shapes_and_questions",
        "shapes and questions, 10,000 and 2,000 of them, generated; Adam at 3e-4, batches of 32, the reference's epochs",
        shapes_and_questions,
        Metric("accuracy"),
        accuracy,
        epochs=multimodal.Config.epochs,
        floor_score=floor_scores.accuracy,
    ),
)
