"""The LSTM's known results."""

import numpy as np

from baselines import scores as floor_scores
from refkit.experiments.protocol import Examples, Protocol, UntilSolved
from refkit.experiments.protocols.scores import share_wrong
from refkit.references import lstm
from refkit.results.record import LOWER, TIERS, UNCONFIRMED, Metric, Published

PAPER = TIERS[3]
HOCHREITER = "Hochreiter, Schmidhuber 1997, Neural Computation 9(8), Table 7"
CRITERION = (
    "fresh sequences, Adam at 1e-3, batches of 32, until 2,000 of them in a row are right before they are trained on"
)
PUBLISHED_STEPS = {100: (1 / 2560, 74_000)}


def offline(seed: int) -> Examples:
    """The adding problem on 20 steps, as the reference has it."""
    return Examples(*lstm.load_data(), floors=tuple(((x,), targets[:, 0]) for x, targets in lstm.load_data()))


def draw_sums(steps: int):
    return lambda sequences, seed: lstm.adding_problem(sequences, steps, seed)


def off_by_more(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Which answers are off by more than 0.04: `bool[sequences]`."""
    return np.abs(outputs - targets)[:, 0] > 0.04


def no_set(steps: int):
    def examples(seed: int) -> Examples:
        train, test = (lstm.adding_problem(count, steps, (seed, part)) for part, count in enumerate((10_000, 2_560)))
        return Examples(train, test, floors=tuple(((x,), targets[:, 0]) for x, targets in (train, test)))

    return examples


def adding(steps: int) -> Protocol:
    published = ()
    if steps == 100:
        published = (
            Published(
                "LSTM, Hochreiter and Schmidhuber 1997",
                1 / 2560,
                HOCHREITER,
                UNCONFIRMED,
                PAPER,
                note="after 74,000 sequences; 93 weights, no forget gate, one sequence a step",
            ),
        )
    return Protocol(
        "lstm",
        f"adding_problem/steps{steps}",
        f"adding problem of {steps} steps, share of 2,560 test sequences off by more than 0.04; {CRITERION}",
        no_set(steps),
        Metric("share wrong", LOWER),
        share_wrong,
        config=(("learning_rate", 1e-3),),
        until_solved=UntilSolved(draw_sums(steps), off_by_more),
        floor_score=floor_scores.share_wrong,
        published=published,
    )


PROTOCOLS = (
    Protocol(
        "lstm",
        "adding_problem",
        "adding problem of 20 steps, 10,000 and 2,560 sequences, share off by more than 0.04; Adam at 3e-4, batches of 32, 6 epochs",
        offline,
        Metric("share wrong", LOWER),
        share_wrong,
        epochs=6,
        floor_score=floor_scores.share_wrong,
    ),
    *(adding(steps) for steps in (20, 50, 100)),
)
