"""Outputs of a model on the parts of an experiment's data, as predictions; and predictions kept in a file."""

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.predictions import Predictions


def collect(source: str, data: str, parts: dict[str, tuple], outputs: list[np.ndarray], scale: float) -> Predictions:
    """One row an example of every part.

    Args:
        source: what the model is, for messages.
        data: the data set's name.
        parts: by split, inputs and the targets last.
        outputs: for each of these, logits `f32[examples, classes]`, classes `[examples]`, or numbers.
        scale: what a unit of the targets is in the unit of the metric.

    Raises:
        RefkitError: an example has more than one label, or outputs are of another form than labels.
    """
    split = np.concatenate([np.full(len(part[-1]), name, dtype="<U9") for name, part in parts.items()])
    label, output = (
        np.concatenate([np.asarray(one) for one in several])
        for several in ([part[-1] for part in parts.values()], outputs)
    )
    count = len(label)
    if label.dtype.kind == "f":
        if output.size != label.size or label.size != count:
            raise RefkitError(
                f"`{source}` gives {output.shape[1:]} for an example of `{data}`, and one number is wanted"
            )
        return Predictions(source, split, *((one.reshape(count) * scale).astype(float) for one in (label, output)))
    if label.ndim > 1:
        raise RefkitError(f"an example of `{data}` has a label a step: bring predictions of your own, one row a label")
    inputs = [part[0] for part in parts.values()]
    pictures = None
    if all(isinstance(part, np.ndarray) and part.ndim == 4 for part in inputs):
        pictures = np.concatenate(inputs)
    if output.ndim == 1 and output.dtype.kind in "iu":
        classes = tuple(range(int(max(label.max(), output.max())) + 1))
        return Predictions(
            source, split, label.astype(int), output.astype(int), None, classes, pictures=pictures, first_line=0
        )
    if output.ndim != 2 or output.shape[1] <= label.max():
        raise RefkitError(
            f"`{source}` gives {output.shape[1:]} for an example of `{data}`, and a score for each of {int(label.max()) + 1} "
            "classes, or a class, is wanted"
        )
    scores = probabilities(output.astype(float))
    return Predictions(
        source,
        split,
        label.astype(int),
        scores.argmax(axis=1),
        scores,
        tuple(range(scores.shape[1])),
        pictures=pictures,
        first_line=0,
    )


def probabilities(output: np.ndarray) -> np.ndarray:
    """The softmax of logits `f64[examples, classes]`; what is probabilities already stays."""
    if output.min() >= 0 and np.abs(output.sum(axis=1) - 1).max() < 1e-3:
        return output
    shifted = np.exp(output - output.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def keep(predictions: Predictions, file: str) -> None:
    """Write predictions as .npz, as `read_predictions` takes them.

    Raises:
        RefkitError: the file cannot be written.
    """
    columns = {"split": predictions.split, "label": predictions.label}
    for name in ("prediction", "scores"):
        if getattr(predictions, name) is not None:
            columns[name] = getattr(predictions, name)
    if predictions.pictures is not None:
        columns["picture"] = predictions.pictures
    try:
        with open(file, "wb") as handle:
            np.savez_compressed(handle, **columns)
    except OSError as error:
        raise RefkitError(f"`{file}` cannot be written: {error.strerror or error}; give another `--save`") from error
