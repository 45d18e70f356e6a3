"""Whether a model has learnt a batch by heart, by its answers in evaluation mode."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from refkit.implementation import Implementation, Input

ENOUGH = 0.95  # of the answers right, or of the targets' variance explained


def inputs_among(examples: list[np.ndarray], records: tuple[Input, ...]) -> tuple[list[np.ndarray], np.ndarray] | None:
    """The model's inputs among the arrays that a step is handed, and the labels; None where they cannot be told."""
    rest, inputs = list(examples), []
    for record in records:
        place = next((k for k, value in enumerate(rest) if fits(value, record)), None)
        if place is None:
            return None
        inputs.append(rest.pop(place))
    count = len(inputs[0])
    labels = [value for value in rest if len(value) == count and value.ndim <= 2]
    return (inputs, as_labels(labels[0])) if len(labels) == 1 else None


def fits(value: np.ndarray, record: Input) -> bool:
    same = value.shape[1:] == tuple(record.shape)
    if record.kind in ("sequence", "tokens") and not same:  # of another length
        same = value.ndim == len(record.shape) + 1 and value.shape[2:] == tuple(record.shape[1:])
    return same and value.dtype.kind == ("f" if record.dtype == "float32" else "i")


def as_labels(labels: np.ndarray) -> np.ndarray:
    """Class ids for one-hot ones, anything else as it is."""
    one_hot = (
        labels.ndim == 2
        and labels.shape[1] > 1
        and set(np.unique(labels)) <= {0, 1}
        and (labels.sum(axis=1) == 1).all()
    )
    if one_hot:
        return labels.argmax(axis=1)
    return labels.astype(np.int32) if set(np.unique(labels)) <= {0, 1} else labels


def learned(implementation: Implementation, tree: Any, inputs: list[np.ndarray], labels: np.ndarray) -> float | None:
    """The share of right answers, or of the targets' variance that is explained; None where the answers do not fit."""
    try:
        outputs = np.asarray(implementation.apply(tree, *map(jnp.asarray, inputs)), np.float64)
    except Exception:  # noqa: BLE001: a model may want its inputs in another way than it was handed them
        return None
    if labels.dtype.kind == "f":
        if outputs.size != labels.size or not labels.var():
            return None
        targets = labels.reshape(len(labels), -1).astype(np.float64)
        errors = outputs.reshape(targets.shape) - targets
        return float(1 - (errors**2).mean() / targets.var(axis=0).mean())
    if outputs.shape[:-1] == labels.shape and outputs.shape[-1] > 1:
        return float((outputs.argmax(axis=-1) == labels).mean())
    if outputs.size == labels.size and set(np.unique(labels)) <= {0, 1}:
        flat = outputs.reshape(labels.shape)
        half = 0.5 if flat.min() >= 0 and flat.max() <= 1 else 0.0
        return float(((flat > half) == labels).mean())
    return None
