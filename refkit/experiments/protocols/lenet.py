"""LeNet's known results."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol
from refkit.experiments.protocols.scores import accuracy
from refkit.experiments.protocols.shifted_digits import LENET_PROTOCOLS
from refkit.references import lenet
from refkit.results.record import READ, TIERS, TRANSCRIBED, UNCONFIRMED, Metric, Published

OFFICIAL, UNOFFICIAL, PAPER, SAME, SIMILAR, SIMPLE = (TIERS[k] for k in (1, 2, 3, 4, 5, 6))
LECUN = "LeCun, Bottou, Bengio, Haffner 1998, Proc. IEEE 86(11), Fig. 9, and the MNIST page"
ZALANDO = "zalandoresearch/fashion-mnist, README, self-reported"
SPLITS = "scikit-learn 1.9.1 on pixels/255, full splits"


def digits(seed: int) -> Examples:
    """scikit-learn's digits as the reference splits them."""
    return pictures(*lenet.load_data())


def stock(name: str):
    """A prepared TFDS set of pictures, on its own split."""

    def examples(seed: int) -> Examples:
        from refkit.datasets.arrays import load_arrays

        arrays = load_arrays(name)
        return pictures(
            *((arrays[part]["image"], arrays[part]["label"].astype(np.int32)) for part in ("train", "test"))
        )

    return examples


def pictures(train, test) -> Examples:
    scaled = [(lenet.preprocess(images), labels) for images, labels in (train, test)]
    return Examples(*scaled, floors=tuple(((images,), labels) for images, labels in (train, test)))


def train_on(data: str, task: str, examples, published: tuple[Published, ...], note: str = "", **more) -> Protocol:
    return Protocol(
        "lenet",
        data,
        task,
        examples,
        Metric("accuracy"),
        accuracy,
        floor_score=floor_scores.accuracy,
        published=published,
        note=note,
        **more,
    )


BIG = "61,706 parameters, Adam at 1e-3, batches of 128, 10 epochs, pixels in [0, 1], no augmentation"
FASTER = {"config": (("learning_rate", 1e-3), ("batch_size", 128)), "epochs": 10}

PROTOCOLS = (
    train_on(
        "digits",
        "scikit-learn's digits at 28×28, four in five to train; Adam at 3e-4, batches of 32, 50 epochs",
        digits,
        (),
        "No published figure is known for LeNet on these pictures at this size; the baselines are the company.",
        epochs=50,
    ),
    train_on(
        "mnist",
        f"MNIST, 60,000 and 10,000 pictures; {BIG}",
        stock("mnist"),
        (
            Published(
                "LeNet-5, LeCun et al. 1998",
                0.9905,
                LECUN,
                TRANSCRIBED,
                PAPER,
                note="one run; 32×32, pixels of mean 0 and variance 1, partly connected maps, tanh, 20 passes",
            ),
            Published("LeNet-4, LeCun et al. 1998", 0.989, LECUN, TRANSCRIBED, PAPER),
            Published("linear classifier, LeCun et al. 1998", 0.88, LECUN, READ, SIMPLE),
            Published("k-nearest neighbours, LeCun et al. 1998", 0.95, LECUN, READ, SIMPLE),
            Published(
                "a wider ConvNet, Flax's example",
                0.9917,
                "flax, examples/mnist, README's table (its log says 99.25 %)",
                READ,
                SIMILAR,
                note="not a LeNet: 32 and 64 channels, 256 units; SGD at 0.1 with momentum, 10 epochs",
            ),
        ),
        needs="MNIST, prepared",
        **FASTER,
    ),
    train_on(
        "fashion_mnist",
        f"Fashion-MNIST, 60,000 and 10,000 pictures; {BIG}",
        stock("fashion_mnist"),
        (
            Published("2 convolutions and pooling", 0.876, ZALANDO, READ, SIMILAR, note="the lower of two entries"),
            Published("2 convolutions and pooling", 0.916, ZALANDO, READ, SIMILAR, note="the higher of two entries"),
            Published("2 convolutions, fewer than 100,000 parameters", 0.925, ZALANDO, READ, SIMILAR),
            Published("MLP 256-128-100", 0.8833, ZALANDO, READ, SIMILAR),
            Published("human", 0.835, ZALANDO, READ, SIMILAR, note="crowd-sourced"),
            Published("MLP of 100 units", 0.871, "arXiv:1708.07747, Table 3", UNCONFIRMED, SIMILAR),
        ),
        "There is no canonical figure for LeNet on Fashion-MNIST.",
        needs="Fashion-MNIST, prepared",
        **FASTER,
    ),
    *LENET_PROTOCOLS,
)
