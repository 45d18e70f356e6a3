"""Examples that the program makes or loads itself: whether they keep their labels on the way to the step, and their part."""

import functools
import re
from typing import Any

import numpy as np

from refkit.diagnosis.data.places import line_of
from refkit.diagnosis.data.recording import Step, first_line
from refkit.diagnosis.data.situation import Situation, widths
from refkit.diagnosis.data.symptom import Symptom

KNOWN = 0.95  # share of the rows that must be known again
APART = 0.1  # share of the examples with another's label
REPEATED = 0.02  # share of rows that are there several times, by their nature
PARTLY = 0.02, 0.9
HELD_OUT = re.compile(r"(?<![a-z])(te?st|val|valid|validation|held|dev|unseen)(?![a-z])", re.I)
TRAINED_ON = re.compile(r"train|(?<![a-z])tr(?![a-z])", re.I)

symptom_of = functools.partial(Symptom, role="train")


def of_pairs(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Labels of other examples in the step, and examples of the step in a score."""
    table = pairs_made(heard, situation)
    handed = [pair for call in calls if (pair := pair_of(call.arrays, situation)) is not None]
    if not table or not handed:
        return []
    rows = [keys_of(inputs) for inputs, _ in handed]
    flat = [row for batch in rows for row in batch]
    if np.mean([row in table for row in flat]) < KNOWN:
        return []
    return [*of_labels(table, rows, handed, calls, steps), *of_scores(table, set(flat), heard, situation, steps)]


def pairs_made(heard: Any, situation: Situation) -> dict[bytes, np.ndarray]:
    """The label of every example that a function of the program gave; empty where examples repeat by their nature."""
    table: dict[bytes, np.ndarray] = {}
    count = 0
    for group in heard.made:
        pair = pair_of(group, situation)
        if pair is not None:
            keys = keys_of(pair[0])
            count += len(keys)
            table |= dict(zip(keys, pair[1]))
    return table if table and len(table) > (1 - REPEATED) * count else {}


def pair_of(arrays: list[tuple[str, np.ndarray]], situation: Situation) -> tuple[np.ndarray, np.ndarray] | None:
    """Inputs and labels among arrays of one length."""
    width = int(np.prod(situation.data_inputs[0].shape))
    whole = [array for _, array in arrays if array.ndim]
    inputs = next((a for a in whole if a.ndim > 1 and widths(a) == width and a.dtype.kind == "f"), None)
    if inputs is None or len(situation.data_inputs) > 1:
        return None
    labels = next((a for a in whole if a is not inputs and len(a) == len(inputs) and widths(a) <= 20), None)
    return None if labels is None else (inputs, labels)


def keys_of(inputs: np.ndarray) -> list[bytes]:
    return [np.ascontiguousarray(row, np.float32).tobytes() for row in inputs]


def of_labels(table: dict, rows: list[list[bytes]], handed: list, calls: list, steps: list[Step]) -> list[Symptom]:
    """Whether examples reach the step with the labels of others: the same labels, elsewhere."""
    known = [
        (table[row], label)
        for batch, (_, labels) in zip(rows, handed)
        for row, label in zip(batch, labels)
        if row in table
    ]
    made, mine = (np.array([np.asarray(side, np.float64).ravel() for side in sides]) for sides in zip(*known))
    if made.shape != mine.shape:
        return []
    wrong = float((~np.isclose(made, mine)).any(axis=1).mean())
    values = np.unique(np.round(made, 6), axis=0)
    kept = float(np.mean([(np.abs(values - label).max(axis=1) < 1e-5).any() for label in mine[:200]]))
    pairs = {(one.tobytes(), other.tobytes()) for one, other in zip(made, mine)}
    renamed = len(values) < len(made) / 2 and len(pairs) == len({one for one, _ in pairs})
    if wrong < APART or kept < KNOWN or renamed:
        return []
    labels = handed[0][1]
    line = (
        first_line(steps, lambda value: value.shape == labels.shape and np.array_equal(value, labels)) if steps else 0
    )
    message = f"{100 * wrong:.0f} % of the examples reach the step with another's label"
    return [symptom_of("labels apart", message=message, line=line or calls[0].line)]


def of_scores(table: dict, trained: set[bytes], heard: Any, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether what a score is handed for held-out examples has been trained on."""
    lines = situation.source.splitlines()
    for call in heard.calls:
        pair = pair_of(call.arrays, situation) if call.kind == "score" else None
        if pair is None or len(pair[0]) < 10 or not 0 < call.line <= len(lines):
            continue
        keys = keys_of(pair[0])
        shared = float(np.mean([key in trained for key in keys]))
        said = lines[call.line - 1]
        held_out = shared >= PARTLY[1] and HELD_OUT.search(said) and not TRAINED_ON.search(said)
        if PARTLY[0] < shared < PARTLY[1] or held_out:
            line = (line_of(steps, pair[0], situation.source) if steps else 0) or call.line * bool(steps)
            message = f"{shared:.0%} of the examples that the score is handed have been trained on"
            return [symptom_of("overlap", message=message, line=line)]
    return []
