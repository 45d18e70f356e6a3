"""Predictions with known errors, made up for the tests."""

import csv
from pathlib import Path

import numpy as np

SPLITS = ("train", "train_val", "test_val", "test")


def columns(rates: dict[str, float], count: int = 400, classes: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    """Classes, of which exactly the given share is answered wrong in each split."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, len(rates) * count)
    label[: classes * 2] = np.tile(np.arange(classes), 2)
    prediction = label.copy()
    for k, rate in enumerate(rates.values()):
        wrong = k * count + rng.permutation(count)[: round(rate * count)]
        prediction[wrong] = (prediction[wrong] + 1) % classes
    return {"split": np.repeat(list(rates), count), "label": label, "prediction": prediction}


def of_scores(made: dict[str, np.ndarray], seed: int = 1) -> dict[str, np.ndarray]:
    """With probabilities whose largest is the prediction's."""
    rng = np.random.default_rng(seed)
    scores = rng.random((len(made["label"]), int(made["label"].max()) + 1))
    scores[np.arange(len(scores)), made["prediction"]] += 1
    return made | {"scores": scores / scores.sum(axis=1, keepdims=True)}


def write_csv(file: Path, made: dict[str, np.ndarray]) -> Path:
    with open(file, "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(made)
        writer.writerows(zip(*(column.tolist() for column in made.values())))
    return file


RATES = {"train": 0.02, "train_val": 0.05, "test_val": 0.25, "test": 0.26}
