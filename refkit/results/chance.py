"""Published figures that a constant answer reaches, too: known failures, not targets."""

import dataclasses
import math

TCN = "LSTM in Bai, Kolter, Koltun 2018, arXiv:1803.01271, Table 1"


@dataclasses.dataclass(frozen=True)
class Chance:
    """A figure that is chance.

    Args:
        task: what was to be learned.
        figure: as published, and its metric.
        source: where.
        constant: what the best constant answer reaches.
        why: how that is computed.
    """

    task: str
    figure: float
    metric: str
    source: str
    constant: float
    why: str


def copy_memory(steps: int, symbols: int = 8, kept: int = 10) -> float:
    """Cross-entropy of blanks told rightly and of the symbols guessed: nats, mean over `steps` and 2 · `kept` outputs."""
    return kept * math.log(symbols) / (steps + 2 * kept)


CHANCE = (
    Chance("adding, T=600", 0.164, "mean squared error", TCN, 2 / 12, "variance of two sums of U(0, 1): 2/12"),
    Chance(
        "copy, T=1000",
        0.0204,
        "cross-entropy",
        TCN,
        copy_memory(1000),
        "10 · ln 8 / 1020: blanks right, symbols guessed",
    ),
)
