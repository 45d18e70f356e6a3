"""What a run of the program's own training shows without its raw data: order, company, ids, shares of classes."""

import ast
import functools
import re
from typing import Any

import numpy as np

from refkit.diagnosis.data.augmented import of_augmented
from refkit.diagnosis.data.loops import function_around
from refkit.diagnosis.data.made_pairs import of_pairs
from refkit.diagnosis.data.order_of_epochs import of_order
from refkit.diagnosis.data.places import line_of, lines_drawing_labels, looks_up, numbers_words
from refkit.diagnosis.data.recording import Step, first_line
from refkit.diagnosis.data.situation import Situation, widths
from refkit.diagnosis.data.symptom import Symptom

MOST_COMMON = 0.9  # share of one class that outweighs the others
FEWEST = 150  # labels by which shares are judged
# how near to 0 and 1 the mean and deviation of a batch are that was standardised by itself
CENTRED, SPREAD = 2e-3, 0.06
MEANS_IT = re.compile(
    r"imbalanc|unbalanc|class_?weight|weights\[|rare|anomal|focal|f1|recall|balanced|oversampl|undersampl|prior"
    r"|outlier|positive_rate|minority",
    re.I,
)
KNOWS_MISSING = re.compile(r"nan(mean|std|median|var)|missing", re.I)
# of a deviation between means, and between deviations: no augmentation that is usual gets there
FURTHEST, FACTOR = 0.6, 1.7
MASKS = re.compile(r"!= *(0|PAD\w*)\b|> *0\b|pad_id")
PADDING = re.compile(r"\bpad(ding)?(_id|_token|_idx)?\b", re.I)

symptom_of = functools.partial(Symptom, role="train")


def followed(heard: Any, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """All of it.

    Args:
        heard: the run, a `Training` of the adapters.
        steps: what the lines of the program gave, where it was recorded; a symptom without it may lack its line.
    """
    calls = [call for call in heard.calls if call.kind == "step" and call.arrays]
    if not calls:
        return []
    checks = (
        of_numbers,
        of_parts,
        of_augmented,
        of_order,
        of_pairs,
        of_company,
        of_range,
        of_padding,
        of_weights,
        of_shares,
    )
    return [symptom for check in checks for symptom in check(heard, calls, situation, steps)]


def of_numbers(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Missing values that the program knows of, and that reach the step: the line behind those that make them."""
    if not KNOWS_MISSING.search(situation.source):
        return []
    if not any(holes(array) for call in calls for _, array in call.arrays):
        return []
    with_holes = [step for step in steps if step.line and holes(step.value)]
    if not with_holes:
        return [symptom_of("not a number", message="missing values reach the step")]
    tree = ast.parse(situation.source)
    maker = function_around(tree, with_holes[0].line)
    made = [step.value for step in with_holes if function_around(tree, step.line) is maker]
    rest = [step for step in with_holes if not any(np.array_equal(step.value, value, equal_nan=True) for value in made)]
    line = rest[0].line if rest and maker is not None else with_holes[0].line
    return [symptom_of("not a number", message="missing values reach the step", line=line)]


def holes(value: np.ndarray) -> bool:
    return value.dtype.kind == "f" and value.ndim > 1 and bool(np.isnan(value).any())


def of_parts(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether the pictures that the model is handed by a score are scaled otherwise than those of the step."""
    scores = [call for call in heard.calls if call.kind == "score" and call.handed is not None]
    pictures = [
        next((array for _, array in call.handed.inputs if array.ndim > 2 and array.dtype.kind == "f"), None)
        for call in [*calls[:2], *scores[:1]]
        if call.handed is not None
    ]
    if situation.image is None or not scores or len(pictures) < 3 or any(one is None for one in pictures):
        return []
    *trained, scored = [(float(one.mean()), float(one.std())) for one in pictures]
    apart = [
        abs(mean - scored[0]) > FURTHEST * max(deviation, scored[1])
        or not 1 / FACTOR < deviation / max(scored[1], 1e-30) < FACTOR
        for mean, deviation in trained
    ]
    if not all(apart):
        return []
    whole = next((array for _, array in scores[0].arrays if array.ndim > 2), pictures[-1])
    message = (
        f"the model is handed pictures of mean {trained[0][0]:.3g} and deviation {trained[0][1]:.3g} by the step, "
        f"and of "
        f"{scored[0]:.3g} and {scored[1]:.3g} by the score"
    )
    line = (line_of(steps, whole, situation.source) or scores[0].line) if steps else 0
    return [symptom_of("parts differ", message=message, line=line)]


def of_company(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether every batch of features has been standardised by its own mean and deviation."""
    if situation.main.kind != "features":
        return []
    batches = [array for call in calls[:8] if (array := main_of(call.arrays, situation)) is not None]
    handed = [
        array
        for call in calls
        if call.handed is not None and (array := main_of(call.handed.inputs, situation)) is not None
    ]
    for found in (batches, handed):
        if len(found) > 1 and not np.array_equal(found[0], found[1]) and all(map(standardised, found)):
            line = first_line(
                steps, lambda value: value.shape in {array.shape for array in found} and standardised(value)
            )
            return [
                symptom_of("by company", message="every batch is standardised by its own mean and deviation", line=line)
            ]
    return []


def main_of(arrays: list[tuple[str, np.ndarray]], situation: Situation) -> np.ndarray | None:
    width = int(np.prod(situation.main.shape))
    return next(
        (array for _, array in arrays if array.ndim > 1 and widths(array) == width and array.dtype.kind == "f"), None
    )


def standardised(value: np.ndarray) -> bool:
    """Whether the columns of an array, those that vary, have mean 0 and deviation 1."""
    if value.ndim != 2 or value.dtype.kind != "f" or not 7 < len(value) or not np.isfinite(value).all():
        return False
    deviation = value.std(axis=0)
    varies = deviation > 1e-3
    return (
        varies.sum() > varies.size / 2
        and bool(np.abs(value.mean(axis=0)[varies]).max() < CENTRED)
        and bool(np.abs(deviation[varies] - 1).max() < SPREAD)
    )


def ids_of(handed: Any, situation: Situation) -> np.ndarray | None:
    """The word ids that the model was handed."""
    if situation.words is None or handed is None:
        return None
    return next(
        (array for _, array in handed.inputs if array.ndim == 2 and array.dtype.kind in "iu" and array.shape[1] > 1),
        None,
    )


def of_range(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether ids that the model is handed have no row in its table."""
    high = situation.words.high if situation.words is not None else None
    every = [
        ids
        for call in heard.calls
        if (ids := ids_of(call.handed, situation)) is not None
        and any(leaf.ndim == 2 and leaf.shape[0] == high for leaf in call.handed.leaves)
    ]  # the program's own table
    if not every or not high:
        return []
    low, top = min(ids.min() for ids in every), max(ids.max() for ids in every)
    if low >= 0 and top < high:
        return []
    line = looks_up(situation.source) or calls[0].line
    return [
        symptom_of(
            "ids out of range",
            message=f"the model is handed ids from {low} to {top}, its embedding has {high} rows",
            line=line,
        )
    ]


def of_padding(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether the id that fills sequences up is a word's, too, where nothing but the id tells them apart."""
    ids = next((ids for call in calls if (ids := ids_of(call.handed, situation)) is not None), None)
    if (
        ids is None
        or any(record.kind == "lengths" for record in situation.inputs)
        or not PADDING.search(situation.source)
    ):
        return []
    ends = [np.flatnonzero(row != row[-1])[-1] + 1 if (row != row[-1]).any() else 0 for row in ids]
    filled = [row for row, end in zip(ids, ends) if row[-1] == 0 and end < len(row)]
    if len(filled) < len(ids) / 2 or len(set(ends)) < 3 or not MASKS.search(situation.source):
        return []
    inside = [(row[: np.flatnonzero(row)[-1]] == 0).any() for row in filled if row.any()]
    if not inside or np.mean(inside) < 0.05:
        return []
    line = numbers_words(situation.source) or first_line(
        steps, lambda value: value.ndim == 2 and value.shape[1] == ids.shape[1] and value.dtype.kind in "iu"
    )
    share = 100 * np.mean(inside)
    return [
        symptom_of(
            "ids shifted",
            message=f"id 0 fills sequences up, and stands among the words of {share:.0f} % of them",
            line=line,
        )
    ]


def of_weights(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether classes weigh the more in the loss the more examples they have."""
    labels = labels_of(calls, situation)
    if labels is None:
        return []
    counts = np.bincount(labels, minlength=situation.outputs).astype(float)
    for name, value in calls[0].bound.items():
        if "weight" not in name.lower() or np.shape(value) != counts.shape or np.asarray(value).dtype.kind != "f":
            continue
        weights = np.asarray(value, np.float64)
        if (
            np.ptp(counts) > 0.3 * counts.mean()
            and np.ptp(weights) > 0.1 * abs(weights.mean())
            and np.corrcoef(counts, weights)[0, 1] > 0.8
        ):
            line = first_line(
                steps, lambda array: array.shape == weights.shape and np.allclose(array, weights, rtol=1e-4)
            )
            return [
                symptom_of(
                    "classes apart", message="classes weigh the more in the loss the more examples they have", line=line
                )
            ]
    return []


def of_shares(heard: Any, calls: list, situation: Situation, steps: list[Step]) -> list[Symptom]:
    """Whether nearly all examples that the program makes are of one class, and nothing says that this is meant."""
    labels = labels_of(calls, situation)
    if labels is None or len(labels) < FEWEST or heard.read or MEANS_IT.search(situation.besides("")):
        return []
    classes, counts = np.unique(labels, return_counts=True)
    share = counts.max() / counts.sum()
    if share < MOST_COMMON or (len(classes) < 2 and situation.outputs < 2):
        return []
    line = next(iter(lines_drawing_labels(situation.source)), 0) or calls[0].line
    message = f"{100 * share:.0f} % of the examples are of class {classes[counts.argmax()]}"
    return [symptom_of("classes apart", message=message, line=line)]


def labels_of(calls: list, situation: Situation) -> np.ndarray | None:
    """Class ids of all that the steps were handed, in order; None where they are none."""
    if situation.regression:
        return None
    kept = []
    for call in calls:
        first = call.arrays[0][1]
        found = [array for _, array in call.arrays[1:] if array.ndim and len(array) == len(first)]
        found = [array.reshape(-1) for array in found if array.ndim == 1 or array.ndim == 2 and array.shape[1] == 1]
        if not found:
            return None
        kept.append(found[-1])
    labels = np.concatenate(kept)
    top = max(situation.outputs, 2)
    if (
        not np.isfinite(labels.astype(np.float64)).all()
        or (labels < 0).any()
        or (labels >= top).any()
        or (labels % 1 != 0).any()
    ):
        return None
    return labels.astype(np.int64)
