"""Whether a model is made for a data set: its inputs and outputs beside those of the data."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from refkit.implementation import Input

OF_ANY_LENGTH = ("sequence", "tokens")


def misfit(
    records: tuple[Input, ...], outputs: tuple[int, ...], dtype: str, arrays: tuple[np.ndarray, ...], data: str
) -> str:
    """Why a model cannot be trained on a data set, as one clause; empty where it can.

    Args:
        records: its inputs.
        outputs: shape of its output for one example.
        dtype: of the labels that its loss takes, empty where that is not known.
        arrays: inputs of the data, and the targets last.
    """
    *inputs, targets = arrays
    given = [record for record in records if record.kind != "lengths"]
    yours, theirs = " and ".join(map(input_words, given)), " and ".join(array_words(array) for array in inputs)
    if len(given) != len(inputs) or not all(takes(record, array) for record, array in zip(given, inputs)):
        return f"your model takes {yours} for an example, and `{data}` has {theirs}"
    if any(record.high is not None and record.high <= array.max() for record, array in zip(given, inputs)):
        return f"your model has too few ids for the words of `{data}`: {yours}, where they go to {highest(inputs)}"
    classes = targets.dtype.kind in "iu"
    if dtype and (dtype == "int32") != classes:
        has = "class ids" if classes else "targets"
        return f"your loss takes {'targets' if classes else 'class ids'}, and `{data}` has {has}"
    wanted = (*targets.shape[1:], int(targets.max()) + 1) if classes else targets.shape[1:]
    one_unit = classes and wanted[-1] == 2 and outputs in ((*wanted[:-1], 1), wanted[:-1])
    same = outputs == wanted or (not classes and math.prod(outputs) == math.prod(wanted) == 1)
    if classes and len(wanted) > 1:  # a class a step, of sequences of any length
        same = len(outputs) == len(wanted) and outputs[1:] == wanted[1:]
    if same or one_unit:
        return ""
    return f"your model gives f32{listed(outputs)} for an example, and `{data}` wants f32{listed(wanted)}"


def takes(record: Input, array: np.ndarray) -> bool:
    shape = array.shape[1:]
    if record.kind in OF_ANY_LENGTH:
        shape, wanted = shape[1:], tuple(record.shape)[1:]
        return array.ndim == len(record.shape) + 1 and shape == wanted and of_kind(record, array)
    return shape == tuple(record.shape) and of_kind(record, array)


def of_kind(record: Input, array: np.ndarray) -> bool:
    return (record.dtype == "float32") == (array.dtype.kind == "f")


def input_words(record: Input) -> str:
    shape = ("time", *record.shape[1:]) if record.kind in OF_ANY_LENGTH else record.shape
    return f"{'f32' if record.dtype == 'float32' else 'i32'}{listed(shape)}" + (
        f" of {record.high} ids" if record.high is not None else ""
    )


def array_words(array: np.ndarray) -> str:
    return f"{'f32' if array.dtype.kind == 'f' else 'i32'}{listed(array.shape[1:])}"


def listed(shape: tuple) -> str:
    return f"[{','.join(map(str, shape))}]"


def highest(inputs: list[np.ndarray]) -> int:
    return max(int(array.max()) for array in inputs if array.dtype.kind != "f")


def completed(records: tuple[Input, ...], inputs: tuple) -> tuple:
    """The inputs of a batch, with the lengths of sequences that are all as long as they can be where a model asks for them."""
    rest, made = list(inputs), []
    for record in records:
        if record.kind == "lengths" and len(records) > len(inputs):
            made.append(jnp.full((len(inputs[0]),), made[-1].shape[1], jnp.int32))
        else:
            made.append(rest.pop(0))
    return tuple(made)


def as_references(outputs: np.ndarray, targets: Any) -> np.ndarray:
    """Outputs in the reference's form: logits a class for one unit or for probabilities; targets' shape for numbers."""
    if targets.dtype.kind == "f":
        return outputs.reshape(targets.shape)
    if outputs.ndim == targets.ndim or outputs.shape[-1] == 1:
        one = outputs.reshape(targets.shape).astype(np.float64)
        if one.size and one.min() >= 0 and one.max() <= 1:
            one = np.log(np.maximum(one, 1e-12)) - np.log(np.maximum(1 - one, 1e-12))
        return np.stack([np.zeros_like(one), one], axis=-1)
    if outputs.size and outputs.min() >= 0 and np.abs(outputs.sum(axis=-1) - 1).max() < 1e-3:
        return np.log(np.maximum(outputs.astype(np.float64), 1e-12))
    return outputs
