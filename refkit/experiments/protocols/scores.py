"""What is measured of outputs: the metrics of the experiments."""

import numpy as np

from baselines import scores


def accuracy(outputs: np.ndarray, labels: np.ndarray, scale: float = 1.0) -> float:
    """Share of examples whose largest logit is the label's: of `f32[examples, classes]` and `i32[examples]`."""
    return scores.accuracy(outputs.argmax(axis=-1), labels)


def share_wrong(outputs: np.ndarray, targets: np.ndarray, scale: float = 1.0) -> float:
    """Share of answers that are off by more than 0.04."""
    return scores.share_wrong(outputs, targets)


def root_mean_squared_error(outputs: np.ndarray, targets: np.ndarray, scale: float = 1.0) -> float:
    """In the unit that targets had before they were standardised."""
    return scores.root_mean_squared_error(outputs.reshape(targets.shape), targets) * scale


def cross_entropy(outputs: np.ndarray, labels: np.ndarray, scale: float = 1.0) -> float:
    """Nats for each class id, of logits `f32[..., classes]` and ids `i32[...]`."""
    shifted = outputs.astype(np.float64) - outputs.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return float(-np.take_along_axis(logs, labels[..., None], axis=-1).mean())
