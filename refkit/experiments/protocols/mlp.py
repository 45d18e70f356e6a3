"""The MLP's known results on pictures and on scikit-learn's tables; those of the UCI sets have a file of their own."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy, root_mean_squared_error
from refkit.experiments.protocols.tables import of_classes, of_targets
from refkit.experiments.protocols.uci_regression import UCI_PROTOCOLS
from refkit.references import mlp
from refkit.results.record import LOWER, READ, TIERS, TRANSCRIBED, UNCONFIRMED, Metric, Published

PAPER, SIMILAR, SIMPLE = TIERS[3], TIERS[5], TIERS[6]
MNIST_PAGE = "the MNIST page; LeCun, Bottou, Bengio, Haffner 1998"
SCIKIT_LEARN = "scikit-learn 1.9.1, 10 folds, shuffled, seed 0, standardised"


def breast_cancer(seed: int) -> Examples:
    """As the reference splits them."""
    train, test = mlp.load_data()
    scaled = [(mlp.preprocess(x, train[0]), labels) for x, labels in (train, test)]
    return Examples(*scaled, floors=tuple(((x,), labels) for x, labels in (train, test)))


def mnist(seed: int) -> Examples:
    """Pictures as 784 numbers in [0, 1]."""
    from refkit.datasets.arrays import load_arrays

    arrays = load_arrays("mnist")
    pixels = [arrays[part]["image"].reshape(-1, 784) for part in ("train", "test")]
    labels = [arrays[part]["label"].astype(np.int32) for part in ("train", "test")]
    parts = [(x.astype(np.float32) / 255, y) for x, y in zip(pixels, labels)]
    return Examples(*parts, floors=tuple(((x,), y) for x, y in zip(pixels, labels)))


def fold(table: str):
    """Each seed tests another tenth of the rows."""

    def examples(seed: int) -> Examples:
        from refkit.datasets.folds import load_table, split_folds

        columns = load_table(table)
        x, y = columns["features"], columns["target" if "target" in columns else "label"]
        train, test = split_folds(y)[seed]
        return (of_classes if np.issubdtype(y.dtype, np.integer) else of_targets)(x, y, train, test)

    return examples


def in_ten_folds(table: str, what: str, published: float | None, note: str = "") -> Protocol:
    """Cross-validation: the deviation is over folds, seeds and rows together."""
    theirs = Published("MLPClassifier, 64 units", published, SCIKIT_LEARN, READ, SIMILAR) if published else None
    return Protocol(
        "mlp",
        f"{table}/folds",
        f"{what}, 10 folds, one a seed; 64 units, Adam at 1e-3, batches of 32, 100 epochs",
        fold(table),
        Metric("accuracy"),
        accuracy,
        config=(
            ("features", lambda examples: examples.train[0].shape[1]),
            ("outputs", lambda examples: int(examples.train[1].max()) + 1),
            ("learning_rate", 1e-3),
        ),
        epochs=100,
        seeds=10,
        only=10,
        floor_score=floor_scores.accuracy,
        published=(theirs,) if theirs else (),
        note=note,
    )


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
        note="Logistic regression is better on these few rows: the set is nearly linear.",
    ),
    in_ten_folds("digits_features", "scikit-learn's digits, 64 pixels", 0.974),
    in_ten_folds("breast_cancer", "breast cancer of scikit-learn, 30 features", 0.972),
    in_ten_folds("wine", "wine of scikit-learn, 13 features, 178 rows", 0.978),
    Protocol(
        "mlp",
        "diabetes/folds",
        "diabetes of scikit-learn, 10 folds, one a seed; 64 units, Adam at 1e-3, batches of 32, 100 epochs",
        fold("diabetes"),
        Metric("RMSE", LOWER),
        root_mean_squared_error,
        options=(("loss", "mse"), ("outputs", "1"), ("features", "10")),
        config=(("learning_rate", 1e-3),),
        epochs=100,
        seeds=10,
        only=10,
        floor_score=floor_scores.root_mean_squared_error,
        published=(
            Published("least squares", 54.46, SCIKIT_LEARN, READ, SIMPLE),
            Published("ridge", 54.64, SCIKIT_LEARN, READ, SIMPLE),
            Published("mean", 76.98, SCIKIT_LEARN, READ, SIMPLE),
        ),
        note="Least squares is better on these 442 rows: the network overfits them, 44 on the training rows of three folds.",
    ),
    Protocol(
        "mlp",
        "mnist",
        "MNIST as 784 pixels in [0, 1]; 300 units, Adam at 1e-3, batches of 128, 20 epochs",
        mnist,
        Metric("accuracy"),
        accuracy,
        config=(
            ("features", 784),
            ("hidden", (300,)),
            ("outputs", 10),
            ("learning_rate", 1e-3),
            ("batch_size", 128),
        ),
        epochs=20,
        floor_score=floor_scores.accuracy,
        published=(
            Published("300 units, squared error", 0.953, MNIST_PAGE, TRANSCRIBED, PAPER, note="pixels not deskewed"),
            Published("1000 units, squared error", 0.955, MNIST_PAGE, TRANSCRIBED, PAPER),
            Published(
                "800 units, cross-entropy", 0.984, "the MNIST page; Simard, Steinkraus, Platt 2003", TRANSCRIBED, PAPER
            ),
            Published("MLP of 100 units", 0.972, "arXiv:1708.07747, Table 3", UNCONFIRMED, SIMILAR),
        ),
        note="Cross-entropy, ReLU and Adam account for the distance to the squared error of 1998.",
        needs="MNIST, prepared",
    ),
    *UCI_PROTOCOLS,
)
