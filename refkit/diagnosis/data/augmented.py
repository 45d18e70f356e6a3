"""Whether a program's scores are of examples that it has augmented, as its own run shows."""

import ast
import re
from typing import Any

import numpy as np

from refkit.diagnosis.data.recording import Step
from refkit.diagnosis.data.situation import Situation
from refkit.diagnosis.data.symptom import Symptom
from refkit.probes.tagged_identity import identify

MEANT = re.compile(r"\btta\b|test[-_ ]time|robust|corrupt|noisy_|under_noise|consistency", re.I)
OF_TRAINING = re.compile(r"train", re.I)
OF_OTHERS = re.compile(r"test|val(id|_|\b)|eval|dev|held", re.I)
LOOKED_AT = 20  # examples of a score
MOST = 4000  # arrays of examples
SAME = 0.99999  # correlation of a picture with itself
SHARE = 0.8  # of them that an augmentation has given


def of_augmented(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Scores whose pictures follow from random numbers, or have come out of a function that augments."""
    if situation.image is None or MEANT.search(situation.source):
        return []
    for call in heard.calls:
        if call.kind == "score" and call.handed is not None and not is_of_training(call, situation):
            line = drawn_anew(call) or given_augmented(call, heard, calls, situation)
            if line:
                message = "the score is of pictures that are changed at random, as those of the training are"
                return [Symptom("random at evaluation", "train", message, line)]
    return []


def is_of_training(call: Any, situation: Situation) -> bool:
    lines = situation.source.splitlines()
    return 0 < call.line <= len(lines) and OF_TRAINING.search(lines[call.line - 1]) is not None


def pictures(arrays: list[tuple[str, np.ndarray]]) -> np.ndarray | None:
    return next((array for _, array in arrays if array.ndim > 2 or array.ndim == 2 and array.dtype.kind == "f"), None)


def drawn_anew(call: Any) -> int:
    """The line of a score at which it changes at random what it was handed; 0 where it does not."""
    if call.redrawn is None:
        return 0
    one, other, whole = (pictures(inputs) for inputs in (call.handed.inputs, call.redrawn.inputs, call.arrays))
    if one is None or other is None or whole is None or one.shape != other.shape or np.array_equal(one, other):
        return 0
    if len(whole) != len(one) or whole[0].size != one[0].size:
        return 0  # examples chosen at random
    return 0 if (found := identify(whole, one, images=True)) is not None and not found.view else call.draws


def given_augmented(call: Any, heard: Any, calls: list, situation: Situation) -> int:
    """The line that has the examples of a score augmented before it is handed them; 0 where nothing has."""
    whole = pictures(call.handed.inputs)
    if whole is None or not heard.augmented:
        return 0
    wanted = rows_in([whole[:LOOKED_AT]], whole[0].size)
    found = [(each, among(wanted, rows_in(each.arrays, whole[0].size))) for each in heard.augmented]
    sources = [each for each, known in found if known.any()]
    if not sources or np.any([known for _, known in found], axis=0).mean() < SHARE:
        return 0
    if among(wanted, rows_in([array for step in calls for _, array in step.arrays], whole[0].size)).any():
        return 0
    return handed_over(sources[0].name, situation.source) or first_own(sources[0], heard, sources)


def rows_in(arrays: list[np.ndarray], size: int) -> np.ndarray:
    """Examples of a size in some arrays, without their mean and of length 1; those that are the same all over left out.

    Returns:
        f64[examples, size].
    """
    rows = [
        array.reshape(-1, size)
        for array in arrays
        if array.ndim and array.size % size == 0 and array.dtype.kind in "iuf"
    ]
    every = np.concatenate([np.zeros((0, size)), *rows[:MOST]])
    every = every - every.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(every, axis=1, keepdims=True)
    return (every / np.maximum(lengths, 1e-12))[lengths[:, 0] > 1e-6]


def among(wanted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Whether each of some examples is one of others, however it is scaled."""
    return (wanted @ rows.T > SAME).any(axis=1) if len(rows) else np.zeros(len(wanted), bool)


def handed_over(name: str, source: str) -> int:
    """The line on which a function that augments is handed to what is called after the test examples; 0 for none."""
    tree = ast.parse(source)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for statement in (node for node in ast.walk(tree) if isinstance(node, (ast.Assign, ast.Expr, ast.Return))):
        names = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name and id(n) not in called]
        if (
            names
            and OF_OTHERS.search(ast.unparse(statement))
            and not OF_TRAINING.search(ast.unparse(statement).replace(name, ""))
        ):
            return names[0].lineno
    return 0


def first_own(source: Any, heard: Any, sources: list) -> int:
    """The innermost line on the way to an augmentation that no augmentation of training examples has come by."""
    others = {line for each in heard.augmented if each not in sources for line in each.lines}
    return next((line for line in source.lines if line not in others), source.lines[0] if source.lines else 0)
