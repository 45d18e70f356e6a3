"""One batch for a model to learn by heart: examples of the reference's offline default data where it takes these."""

import numpy as np

from refkit.diagnosis.probe import input_value
from refkit.implementation import Input
from refkit.references import lenet, lstm, mlp, multimodal

EXAMPLES = 32
SEED = 20_115


def held_inputs(
    reference: str, inputs: tuple[Input, ...], count: int = EXAMPLES
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Inputs as a model takes them, and their labels; None for labels where the inputs are not the reference's own data.

    Args:
        inputs: of the model, in the reference's convention.
        count: examples.
    """
    shapes = [record.shape for record in inputs]
    if reference == "mlp" and shapes == [(30,)]:
        (x, labels), _ = mlp.load_data()
        return [mlp.preprocess(x, x)[:count]], labels[:count]
    if reference == "lstm" and inputs[0].kind == "sequence" and shapes[0][1:] == (2,) and len(inputs) == 1:
        x, targets = lstm.adding_problem(count, max(shapes[0][0], 4), SEED)
        return [x], targets
    if reference == "multimodal" and shapes == [(28, 28, 1), (8,)] and (inputs[1].high or 0) >= len(multimodal.WORDS):
        image, words, labels = multimodal.shapes_and_questions(count, SEED)
        return [multimodal.preprocess(image), words], labels
    values = [value_of(record, count) for record in inputs]
    return values, digits(count)[1] if reference == "lenet" and len(inputs) == 1 else None


def value_of(record: Input, count: int) -> np.ndarray:
    if record.kind == "image":
        return resized(digits(count)[0], record.shape)
    if record.kind == "lengths":
        return np.full((count, *record.shape), record.high or 6, np.int32)
    return input_value(record, count, SEED).astype(record.dtype)


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    (x, labels), _ = lenet.load_data()
    return lenet.preprocess(x[:count]), labels[:count]


def resized(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pictures `f32[count, 28, 28, 1]` at another height and width, by the nearest pixel, and in another number of channels."""
    rows, columns = (np.arange(size) * 28 // size for size in shape[:2])
    return np.repeat(images[:, rows][:, :, columns], shape[2] if len(shape) > 2 else 1, axis=3).reshape(
        len(images), *shape
    )


def held_labels(
    known: np.ndarray | None, inputs: list[np.ndarray], outputs: tuple[int, ...], regression: bool
) -> np.ndarray:
    """Labels for the inputs: those that are known where they fit the outputs, else some that can be learnt by heart.

    Args:
        known: class ids or targets that belong to the inputs.
        outputs: shape of the model's output for one example.
        regression: whether labels are targets of the outputs' shape rather than class ids.
    """
    rng, count = np.random.default_rng(SEED), len(inputs[0])
    if regression:
        if known is not None and known.dtype.kind == "f" and known.shape[1:] == outputs:
            return known
        flat = np.concatenate([value.reshape(count, -1) for value in inputs], axis=1).astype(np.float32)
        weights = rng.normal(size=(flat.shape[1], int(np.prod(outputs)))) / np.sqrt(flat.shape[1])
        return np.tanh(flat @ weights).reshape(count, *outputs).astype(np.float32)
    classes = outputs[-1] if outputs and outputs[-1] > 1 else 2
    if len(outputs) > 1:
        return rng.integers(0, classes, (count, *outputs[:-1])).astype(np.int32)
    if known is not None and known.dtype.kind == "i":
        return (known % classes).astype(np.int32)
    return rng.permutation(np.arange(count) % classes).astype(np.int32)
