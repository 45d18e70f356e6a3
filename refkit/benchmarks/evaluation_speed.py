"""How long evaluating a million predictions with a thousand draws takes, beside scikit-learn's metric on as many draws."""

import dataclasses
import time
from collections.abc import Callable

import numpy as np

from refkit.evaluation.answers import metric_for, parts_of
from refkit.evaluation.evaluating import evaluate_predictions
from refkit.evaluation.metric import Metric
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import STAGES

CLASSES = 10
THEIR_DRAWS = 3  # of scikit-learn's, scaled up
OWN_DRAWS = 10  # of ours where the metric is no count, scaled up
METRICS = ("accuracy", "balanced_accuracy", "neg_log_loss", "neg_root_mean_squared_error", "roc_auc")
WHOLE = ("accuracy", "balanced_accuracy", "neg_log_loss", "neg_root_mean_squared_error")


@dataclasses.dataclass(frozen=True)
class Row:
    """One metric.

    Args:
        ours: processor seconds of the whole evaluation, all splits and draws.
        theirs: processor seconds of scikit-learn's metric, called once a split and draw.
        measured: how many of our draws were really taken.
    """

    metric: str
    ours: float
    theirs: float
    measured: int


def measure(examples: int, draws: int, names: tuple[str, ...] = METRICS) -> list[Row]:
    """Evaluate made-up predictions, a quarter of them in each split."""
    rows = []
    for name in names:
        predictions = made_up(examples, name)
        metric = metric_for(predictions, name)
        taken = draws if name in WHOLE else min(draws, OWN_DRAWS)
        ours = seconds(lambda: evaluate_predictions(predictions, metric, draws=taken)) * draws / taken
        rows.append(Row(name, ours, theirs(predictions, metric) * draws, taken))
    return rows


def theirs(predictions: Predictions, metric: Metric) -> float:
    """Seconds of scikit-learn's metric on one draw of every split; drawing the examples is not counted."""
    rng, spent = np.random.default_rng(1), 0.0
    for part in parts_of(predictions, metric).values():
        for _ in range(THEIR_DRAWS):
            drawn = part.at(rng.integers(0, len(part.label), len(part.label)))
            spent += seconds(lambda: drawn.error(metric))
    return spent / THEIR_DRAWS


def seconds(run: Callable[[], object]) -> float:
    """Of the processor, which a machine that is busy with other things does not stretch."""
    began = time.process_time()
    run()
    return time.process_time() - began


def made_up(examples: int, name: str) -> Predictions:
    """Answers that are right at a rate that falls from split to split."""
    rng = np.random.default_rng(0)
    split = np.repeat(STAGES[1:], -(-examples // 4))[:examples]
    if "squared" in name:
        label = rng.normal(size=examples)
        return Predictions("made up", split, label, label + rng.normal(size=examples) / 3)
    classes = 2 if name == "roc_auc" else CLASSES
    label = rng.integers(0, classes, examples)
    logits = rng.normal(size=(examples, classes))
    logits[np.arange(examples), label] += 2.5
    scores = np.exp(logits)
    scores /= scores.sum(axis=1, keepdims=True)
    return Predictions("made up", split, label, scores.argmax(axis=1), scores, tuple(range(classes)))


def table(rows: list[Row], draws: int) -> str:
    """As printed."""
    lines = []
    for row in rows:
        scaled = "" if row.measured == draws else f", from {row.measured} draws scaled up"
        lines.append(
            f"{row.metric:28} {row.ours:8.1f} s{scaled}; scikit-learn's metric, from {THEIR_DRAWS} draws scaled up, "
            f"{row.theirs:8.1f} s: {row.ours / row.theirs:.3f} times"
        )
    return "\n".join(lines)
