"""Inputs and labels of the parts of a data set, in whatever form they are returned."""

import dataclasses

import numpy as np

from refkit.adapters.parts.data_parameters import role_of
from refkit.diagnosis.data.situation import Situation, widths


@dataclasses.dataclass
class Portion:
    """One part: inputs, words and labels of as many examples."""

    inputs: np.ndarray
    words: np.ndarray | None = None
    labels: np.ndarray | None = None


def pieces(result: list[tuple[str, np.ndarray]], situation: Situation) -> list[Portion]:
    """The parts in what a function returned: each begins with an input; words and labels are those of its length."""
    shape = situation.data_inputs[0].shape
    arrays = [(key, array) for key, array in result if array.ndim and len(array) > 1]
    inputs = [(key, array) for key, array in arrays if is_input(key, array, situation)]
    found = [Portion(array) for _, array in inputs]
    rest = [(key, array) for key, array in arrays if not any(array is one for _, one in inputs)]
    for piece in found:
        for k, (key, array) in enumerate(rest):
            if len(array) != len(piece.inputs):
                continue
            words = (
                situation.words is not None
                and situation.image is not None
                and array.ndim == 2
                and array.dtype.kind in "iu"
                and array.shape[1] > 1
            )
            if words and piece.words is None:
                piece.words = rest.pop(k)[1]
                break
        for k, (key, array) in enumerate(rest):
            if len(array) == len(piece.inputs) and widths(array) <= max(situation.outputs, 1, int(np.prod(shape))):
                piece.labels = rest.pop(k)[1]
                break
    return found


def is_input(key: str, array: np.ndarray, situation: Situation) -> bool:
    record = situation.data_inputs[0]
    if role_of(key) in ("labels", "train_labels", "test_labels"):
        return False
    if record.kind == "image":
        return widths(array) == int(np.prod(record.shape)) and array.ndim > 1
    if record.kind == "tokens":
        return array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] > 1
    if record.kind == "sequence":
        return array.ndim == 3 and array.shape[-1] == record.shape[-1]
    return array.ndim == 2 and array.shape[1] == record.shape[0] and array.shape[1] > 1


def labelled(labels: np.ndarray) -> np.ndarray | None:
    """Class ids of labels; None for what is neither ids nor one-hot."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all():
        return labels.argmax(axis=1)
    if labels.ndim != 1:
        return None
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        return labels
    return labels.astype(np.int64) if np.array_equal(labels, labels.astype(np.int64)) else labels
