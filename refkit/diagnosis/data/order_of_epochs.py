"""Whether every epoch of a program's own training goes through its examples in the same order."""

import ast
import functools
from typing import Any

import numpy as np

from refkit.diagnosis.data.loops import function_around, order_made_in_loop, shuffler_above
from refkit.diagnosis.data.recording import Step
from refkit.diagnosis.data.situation import Situation
from refkit.diagnosis.data.symptom import Symptom

BITS = 64  # of a sequence, so that no two shuffled ones are the same

symptom_of = functools.partial(Symptom, role="train")


def of_order(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether the second epoch is the first again, where the program means to shuffle."""
    length = period(calls)
    if length < 2:
        return []
    symptom = functools.partial(
        symptom_of, "same order", message="the examples reach the step in the same order in every epoch"
    )
    line = order_made_in_loop(situation.source, calls[0].line)
    if line:
        return [symptom(line=line)]
    line = shuffler_above(situation.source, calls[0].line)
    if not line or not steps:
        return [symptom(line=0)] if line else []
    around = function_around(ast.parse(situation.source), calls[0].line)
    by_place = zip(*(call.arrays for call in calls[:length]))
    epochs = [np.concatenate([part for _, part in parts]) for parts in by_place if parts[0][1].ndim]
    return [symptom(line=line)] if any(as_they_lie(epoch, steps, around) for epoch in epochs) else []


def as_they_lie(epoch: np.ndarray, steps: list[Step], function: ast.AST | None) -> bool:
    """Whether an epoch has the order of an array of the training; an order drawn once for ever is a choice."""
    first, last = (function.lineno, function.end_lineno) if function is not None else (1, 10**9)
    for whole in (step.value for step in steps if first <= step.line <= last and step.value.ndim == epoch.ndim):
        shifted = epoch.ndim == 2 and whole.shape[1] == epoch.shape[1] + 1  # sequences that hold inputs and targets
        for view in (whole[:, :-1], whole[:, 1:]) if shifted else (whole,):
            if len(epoch) <= len(view) and np.array_equal(view[: len(epoch)], epoch):
                return True
    return False


def period(calls: list) -> int:
    """Steps after which what is handed over comes again in the same order, changing pictures apart; 0 for none."""
    for place in range(len(calls[0].arrays)):
        parts = [call.arrays[place][1] for call in calls if len(call.arrays) > place]
        if len(parts) < len(calls) or not parts[0].ndim or parts[0].dtype.kind not in "iubf":
            continue
        rows = [rows_of(part) for part in parts]
        for length in range(1, len(rows) // 2 + 1):
            if (
                rows[:length] == rows[length : 2 * length]
                and bits([row for part in rows[:length] for row in part]) > BITS
            ):
                return length
    return 0


def rows_of(part: np.ndarray) -> list[bytes]:
    return [np.ascontiguousarray(row).tobytes() for row in part]


def bits(rows: list[bytes]) -> float:
    """How many bits a sequence of rows holds at the shares that they have in it."""
    counts = np.unique(np.array([hash(row) for row in rows]), return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum() * len(rows))
