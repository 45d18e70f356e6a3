"""The MLP's known results."""

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy
from refkit.references import mlp
from refkit.results.record import Metric


def breast_cancer(seed: int) -> Examples:
    """As the reference splits them."""
    train, test = mlp.load_data()
    scaled = [(mlp.preprocess(x, train[0]), labels) for x, labels in (train, test)]
    return Examples(*scaled, floors=tuple(((x,), labels) for x, labels in (train, test)))


PROTOCOLS = (
    Protocol(
        "mlp",
        "breast_cancer",
        "breast cancer of scikit-learn, four in five to train; 64 units, Adam at 3e-4, batches of 32, 100 epochs",
        breast_cancer,
        Metric("accuracy"),
        accuracy,
        epochs=100,
        floor_score=floor_scores.accuracy,
    ),
)
