"""Floors on which a training loss comes to lie, and what each tells."""

import dataclasses
import math

import numpy as np

NEAR = 0.015  # of the floor: how near a loss comes to lie


@dataclasses.dataclass(frozen=True)
class Floor:
    """A loss below which training does not come.

    Args:
        name: `chance`, `labels`, `twice`, `variance`, `start`.
        value: the loss itself, in the loss's own unit.
        words: what it is, for a message.
    """

    name: str
    value: float
    words: str


def twice(classes: int) -> float:
    """The least cross-entropy where a softmax is taken twice: 1.461 for 10 classes, 0.313 for 2."""
    return math.log(math.e + classes - 1) - 1


def floors(labels: np.ndarray, classes: int | None) -> list[Floor]:
    """The floors of a batch.

    Args:
        labels: `i32[n]` class ids, or `f32[n, outputs]` targets.
        classes: how many there are; None where labels are targets.
    """
    if classes is None:
        spread = labels.reshape(len(labels), -1)
        variance = float(spread.var(axis=0).mean())
        return [Floor("variance", variance, f"the variance of the targets, {variance:.4g}: every answer is their mean")]
    ids, counts = np.unique(labels, return_counts=True)
    shares = counts / counts.sum()
    entropy = float(-(shares * np.log(shares)).sum())
    known = []
    if classes > 1:
        known.append(
            Floor(
                "twice",
                twice(classes),
                f"{twice(classes):.4g}, the least that a softmax taken twice allows with {classes} classes",
            )
        )
        known.append(
            Floor("chance", math.log(classes), f"ln {classes} = {math.log(classes):.4g}: every class is as likely")
        )
    if len(ids) > 1:
        known.append(
            Floor(
                "labels", entropy, f"{entropy:.4g}, the entropy of the labels: the answer is the same for every example"
            )
        )
    return known


def floor_at(loss: float, known: list[Floor], right: float | None = None) -> Floor | None:
    """The floor that a loss lies on, the nearest of them.

    Args:
        right: the share of right answers, where it is known: where a softmax is taken twice, every wrong one that the
            model is sure of costs 1 more.
    """
    double = next((floor for floor in known if floor.name == "twice"), None)
    if (
        double is not None
        and right is not None
        and right > 0.5
        and abs(loss - double.value - (1 - right)) <= NEAR * loss
    ):
        return double
    near = [floor for floor in known if abs(loss - floor.value) <= NEAR * abs(floor.value)]
    return min(near, key=lambda floor: abs(loss - floor.value), default=None)


def unlearned(known: list[Floor]) -> float | None:
    """The loss of one answer for every example; None where no such floor is known."""
    return next((floor.value for floor in known if floor.name in ("labels", "variance")), None)
