"""The LSTM's known results: sums, order, rows of pictures, characters."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol, UntilSolved
from refkit.experiments.protocols.scores import accuracy, cross_entropy, share_wrong
from refkit.references import lstm
from refkit.results.record import LOWER, TIERS, TRANSCRIBED, UNCONFIRMED, Metric, Published

PAPER, SIMILAR = TIERS[3], TIERS[5]
HOCHREITER = "Hochreiter, Schmidhuber 1997, Long short-term memory, Table"
TCN = "Bai, Kolter, Koltun 2018, arXiv:1803.01271, Table 1"
KARPATHY = "Karpathy, Johnson, Fei-Fei 2015, arXiv:1506.02078, Table 1"
CRITERION = (
    "forget gate's bias 5 at first, fresh sequences, Adam at 1e-3, batches of 32, until 2,000 in a row are right before "
    "they are trained on"
)
FEWER_STEPS = "Ours sees more sequences than theirs and takes fewer steps: one after 32 sequences, where theirs takes one after each."
REMEMBERING = (
    "forget-bias",
    "5",
)  # the cell of 1997 has no forget gate; at 0, temporal order was at chance after 400,000


def offline(seed: int) -> Examples:
    """The adding problem on 20 steps, as the reference has it."""
    train, test = lstm.load_data()
    return Examples(train, test, floors=tuple(((x,), targets[:, 0]) for x, targets in (train, test)))


def drawn_sums(steps: int):
    """Sets as large as the offline one, for the baselines."""

    def examples(seed: int) -> Examples:
        train, test = (lstm.adding_problem(count, steps, (seed, part)) for part, count in enumerate((10_000, 2_560)))
        return Examples(train, test, floors=tuple(((x,), targets[:, 0]) for x, targets in (train, test)))

    return examples


def off_by_more(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Which answers are off by more than 0.04: `bool[sequences]`."""
    return np.abs(outputs - targets)[:, 0] > 0.04


def adding(steps: int) -> Protocol:
    """Hochreiter and Schmidhuber's problem under their criterion."""
    theirs = Published(
        "LSTM, Hochreiter and Schmidhuber 1997",
        1 / 2560,
        f"{HOCHREITER} 7",
        UNCONFIRMED,
        PAPER,
        note="after 74,000 sequences; 93 weights, no forget gate, one sequence a step",
    )
    return Protocol(
        "lstm",
        f"adding_problem/steps{steps}",
        f"adding problem of {steps} steps, share of 2,560 test sequences off by more than 0.04; {CRITERION}",
        drawn_sums(steps),
        Metric("share wrong", LOWER),
        share_wrong,
        options=(REMEMBERING,),
        config=(("learning_rate", 1e-3), ("steps", steps)),
        until_solved=UntilSolved(lambda count, seed: lstm.adding_problem(count, steps, seed), off_by_more),
        floor_score=floor_scores.share_wrong,
        published=(theirs,) if steps == 100 else (),
        note=FEWER_STEPS if steps == 100 else "",
    )


def orders(count: int, seed) -> tuple[np.ndarray, np.ndarray]:
    """Symbols as ids, `i32[count, 110]`, 0 behind the end, and classes."""
    from refkit.datasets.temporal_order import temporal_order

    symbols, _, labels = temporal_order(count, seed)
    return symbols, labels


def drawn_orders(seed: int) -> Examples:
    return Examples(*(orders(count, (seed, part)) for part, count in enumerate((10_000, 2_560))))


def wrong_class(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return outputs.argmax(axis=-1) != labels


def view(name: str, inputs: str, target: str, tested: str = "test"):
    """A view of a prepared TFDS set, on its own split."""

    def examples(seed: int) -> Examples:
        from refkit.datasets.arrays import load_arrays

        arrays = load_arrays(name)
        parts = [(arrays[part][inputs], arrays[part][target].astype(np.int32)) for part in ("train", tested)]
        return Examples(*parts)

    return examples


def rows_of_pictures(seed: int) -> Examples:
    examples = view("mnist_rows", "sequence", "label")(seed)
    parts = [((np.rint(x * 255).astype(np.uint8),), labels) for x, labels in (examples.train, examples.test)]
    return Examples(examples.train, examples.test, floors=tuple(parts))


PROTOCOLS = (
    Protocol(
        "lstm",
        "adding_problem",
        "adding problem of 20 steps, 10,000 and 2,560 sequences, share off by more than 0.04; "
        "Adam at 3e-4, batches of 32, 6 epochs",
        offline,
        Metric("share wrong", LOWER),
        share_wrong,
        epochs=6,
        evaluations=6,
        floor_score=floor_scores.share_wrong,
    ),
    *(adding(steps) for steps in (20, 50, 100)),
    Protocol(
        "lstm",
        "temporal_order",
        f"temporal order, task 6a: 4 classes, 100 to 110 symbols, share of 2,560 test sequences wrong; {CRITERION}",
        drawn_orders,
        Metric("share wrong", LOWER),
        lambda outputs, labels, scale: float(wrong_class(outputs, labels).mean()),
        options=(
            ("embedding", "9x8"),
            ("output-size", "4"),
            ("loss", "cross-entropy"),
            ("lengths", "ids"),
            REMEMBERING,
        ),
        config=(("learning_rate", 1e-3),),
        until_solved=UntilSolved(orders, wrong_class),
        floor_score=lambda predictions, labels: float(np.mean(predictions != labels)),
        published=(
            Published(
                "LSTM, Hochreiter and Schmidhuber 1997",
                1 / 2560,
                f"{HOCHREITER} 9",
                UNCONFIRMED,
                PAPER,
                note="after 31,390 sequences; 156 weights, one-hot symbols, one sequence a step",
            ),
        ),
        note=f"{FEWER_STEPS} A logistic regression with a weight for each symbol at each place solves it too: the two "
        "symbols lie in fixed stretches.",
    ),
    Protocol(
        "lstm",
        "mnist_rows",
        "MNIST read row by row, 28 steps of 28 pixels; 128 units, Adam at 1e-3, batches of 128, 5 epochs",
        rows_of_pictures,
        Metric("accuracy"),
        accuracy,
        options=(("features", "28"), ("output-size", "10"), ("loss", "cross-entropy")),
        config=(("learning_rate", 1e-3), ("batch_size", 128)),
        epochs=5,
        evaluations=5,
        floor_score=floor_scores.accuracy,
        published=(
            Published(
                "pixel by pixel, 784 steps", 0.872, TCN, TRANSCRIBED, SIMILAR, note="another task: pixel by pixel"
            ),
            Published("pixel by pixel, Arjovsky et al. 2016", 0.982, "arXiv:1511.06464", UNCONFIRMED, SIMILAR),
        ),
        note="No published figure is known row by row at this size; those beside it read single pixels, which is harder.",
        needs="MNIST, prepared",
    ),
    Protocol(
        "lstm",
        "shakespeare_characters",
        "tiny Shakespeare, 65 characters, cross-entropy of the test text in nats a character; stretches of 100, state of "
        "zeros at each start; 128 units, embedding of 64, Adam at 2e-3, batches of 64, 20 epochs",
        view("shakespeare_characters", "characters", "next"),
        Metric("cross-entropy", LOWER, "nats"),
        cross_entropy,
        options=(
            ("embedding", "65x64"),
            ("features", "64"),
            ("output-size", "65"),
            ("outputs", "all"),
            ("loss", "cross-entropy"),
        ),
        config=(("learning_rate", 2e-3), ("batch_size", 64)),
        epochs=20,
        evaluations=10,
        seeds=3,
        published=tuple(
            Published(
                f"War and Peace, {units} units", figure, KARPATHY, UNCONFIRMED, SIMILAR, note="another, larger text"
            )
            for units, figure in ((64, 1.449), (128, 1.277), (256, 1.189), (512, 1.161))
        ),
        note="Figures on War and Peace are of a text three times as large, and of a state that is carried on.",
        needs="tiny Shakespeare, prepared",
    ),
)
