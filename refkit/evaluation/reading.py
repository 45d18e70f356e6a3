"""A file of predictions, read into the record and checked: every fault of it is one sentence."""

import dataclasses
from pathlib import Path

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.cells import is_numeric, is_whole, missing, require_whole_column
from refkit.evaluation.files import CLASSES, read_columns
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.score_columns import column_names, find_scores, in_order
from refkit.evaluation.stages import SPLITS, TEST_VAL, TRAIN_VAL, VAL, split_called

LEAST = 10  # examples of a split, below which an interval says nothing
PICTURES = ("picture", "pictures", "image", "images")


@dataclasses.dataclass(frozen=True)
class Names:
    """What the columns are called.

    Args:
        scores: how the names of the scores begin; found by themselves if None.
        id: None where rows of one example are not to be told; `id` is taken where it is there.
        human: a human's predictions.
    """

    split: str = "split"
    label: str = "label"
    prediction: str = "prediction"
    scores: str | None = None
    id: str | None = None
    human: str | None = None


def read_predictions(file: Path, names: Names = Names(), regression: bool | None = None) -> Predictions:
    """Read and check a file of predictions.

    Args:
        regression: whether labels are numbers, as a metric says; judged by the columns if None.

    Raises:
        RefkitError: a column is missing or has a hole, a split is unknown or too small, there is one class alone.
    """
    columns, first = read_columns(file), 2 if file.suffix.lower() == ".csv" else 0
    return from_columns(columns, file.name, names, regression, first)


def from_columns(
    columns: dict[str, np.ndarray], source: str, names: Names, regression: bool | None, first_line: int = 0
) -> Predictions:
    """`read_predictions` for columns that are there already."""
    for option, name in (("split", names.split), ("label", names.label)):
        if name not in columns:
            having = ", ".join(f"`{column}`" for column in columns)
            raise RefkitError(
                f"`{source}` has no column `{name}`; it has {having}: name the column by `--{option}-column`"
            )
    found, prefix = find_scores(columns, names.scores)
    predicted = columns.get(names.prediction)
    if predicted is None and not found:
        raise RefkitError(
            f"`{source}` has neither a column `{names.prediction}` nor scores: name one by `--prediction-column` or "
            "`--scores`"
        )
    splits = read_splits(columns[names.split], names.split, source, first_line)
    label = columns[names.label]
    human, answered = read_human(columns, names, source)
    used = {names.split: columns[names.split], names.label: label}
    if predicted is not None:
        used[names.prediction] = predicted
    for name, column in {**used, **{f"{prefix}_{word}" if word else prefix: found[word] for word in found}}.items():
        require_whole_column(column, name, source, first_line)
        if column.ndim > 1 and name in (names.split, names.label, names.prediction):
            raise RefkitError(
                f"`{name}` of `{source}` has {column.shape[1]} values a row: write one, the class itself or the number, and "
                "scores as `scores`"
            )
    numbers = regression if regression is not None else is_regression(label, predicted, bool(found))
    if numbers:
        coded = read_numbers(label, predicted, human, answered, names, source)
        classes, scores = (), None
    else:
        *coded, scores, classes = read_classes(label, predicted, human, answered, found, prefix, columns.get(CLASSES))
        require_two_classes(coded[0], classes, names.label, source)
    id_name = names.id or ("id" if "id" in columns else None)
    numbers_of = None if id_name is None else read_ids(columns, id_name, source, first_line)
    pictures = next((name for name in PICTURES if name in columns and columns[name].ndim in (3, 4)), None)
    taken = {*used, *column_names(columns, prefix), id_name, names.human, pictures, CLASSES}
    rest = {name: column for name, column in columns.items() if name not in taken and column.ndim == 1}
    return Predictions(
        source,
        splits,
        coded[0],
        coded[1],
        scores,
        classes,
        numbers_of,
        coded[2],
        answered,
        rest,
        columns[pictures] if pictures else None,
        first_line,
    )


def read_splits(column: np.ndarray, name: str, source: str, first_line: int) -> np.ndarray:
    """Splits by refkit's names, none too small."""
    require_whole_column(column, name, source, first_line)
    words = [str(word) for word in column.tolist()]
    called = {word: split_called(word) for word in set(words)}
    unknown = sorted(word for word, split in called.items() if split is None)
    if unknown:
        known = ", ".join(f"`{split}`" for split in SPLITS)
        raise RefkitError(f"`{source}` has the split `{unknown[0]}`, which refkit does not know: write one of {known}")
    splits = np.array([called[word] for word in words])
    counts = {split: int((splits == split).sum()) for split in SPLITS}
    few = [split for split, count in counts.items() if 0 < count < LEAST]
    if few:
        rows = f"{counts[few[0]]} row{'s' if counts[few[0]] > 1 else ''}"
        raise RefkitError(
            f"split `{few[0]}` of `{source}` has {rows}, too few to tell an error from chance: give at least {LEAST}, "
            "better a few hundred"
        )
    beside = [split for split in (TRAIN_VAL, TEST_VAL) if counts[split]]
    if counts[VAL] and beside:
        raise RefkitError(
            f"`{source}` has the split `{VAL}` beside `{beside[0]}`, so its part is unclear: call it `{TRAIN_VAL}` if it is "
            f"from the training distribution, `{TEST_VAL}` if from the test's"
        )
    there = [split for split, count in counts.items() if count]
    if len(there) == 1:
        raise RefkitError(
            f"`{source}` has the split `{there[0]}` alone, and the terms are differences between splits: give predictions "
            "on the training examples, too"
            if there[0] != "train"
            else f"`{source}` has the split `train` alone, and the "
            "terms are differences between splits: give predictions on held-out examples, too"
        )
    return splits


def is_regression(label: np.ndarray, predicted: np.ndarray | None, has_scores: bool) -> bool:
    """Whether labels are numbers rather than classes: they are not whole, or predictions of them are not."""
    if not is_numeric(label) or has_scores:
        return False
    return not is_whole(label) or (predicted is not None and is_numeric(predicted) and not is_whole(predicted))


def read_human(columns, names: Names, source: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """A human's answers, and where there are some."""
    if names.human is None:
        return None, None
    if names.human not in columns:
        raise RefkitError(f"`{source}` has no column `{names.human}` with a human's predictions: name it by `--human`")
    answered = ~missing(columns[names.human])
    if answered.sum() < LEAST:
        raise RefkitError(
            f"`{names.human}` of `{source}` has {answered.sum()} answers, too few to tell a human's error: give at least "
            f"{LEAST}, or the error itself by `--irreducible`"
        )
    return columns[names.human], answered


def read_numbers(label, predicted, human, answered, names: Names, source: str) -> list:
    """Targets and predictions of a regression."""
    if predicted is None:
        raise RefkitError(
            f"`{source}` has scores and no column `{names.prediction}`: a metric of regression needs numbers predicted"
        )
    for name, column in ((names.label, label), (names.prediction, predicted)):
        if not is_numeric(column):
            raise RefkitError(
                f"`{name}` of `{source}` holds words, and a metric of regression needs numbers: give a `--metric` of "
                "classification, such as accuracy"
            )
    if human is not None:
        human = np.where(answered, human.astype(float), 0.0)
    return [label.astype(float), predicted.astype(float), human]


def read_classes(label, predicted, human, answered, found, prefix: str, given) -> list:
    """Labels, predictions and a human's as codes; scores in the order of the classes; the classes."""
    parts = [plain(label)] + [plain(part) if part is not None else None for part in (predicted,)]
    parts.append(plain(human[answered]) if human is not None else None)
    values = sorted_values([value for part in parts if part is not None for value in set(part)])
    scores, classes = None, tuple(values)
    if found:
        scores, classes = in_order(found, values, prefix, plain(given) if given is not None else None)
    code = {value: number for number, value in enumerate(classes)}
    coded = [np.array([code[value] for value in part]) if part is not None else None for part in parts]
    if human is not None:
        whole = np.zeros(len(label), int)
        whole[answered] = coded[2]
        coded[2] = whole
    return [*coded, scores, classes]


def plain(column: np.ndarray) -> list:
    """Python values; whole numbers as such, whether they came as 1 or as 1.0."""
    if column.dtype.kind == "f" and is_whole(column):
        column = column.astype(int)
    return column.tolist()


def sorted_values(values: list) -> list:
    values = set(values)
    if len({isinstance(value, str) for value in values}) > 1:
        words = sorted(value for value in values if isinstance(value, str))
        raise RefkitError(
            f"labels and predictions are words here and numbers there (`{words[0]}`): write both in the same way"
        )
    return sorted(values)


def require_two_classes(label: np.ndarray, classes: tuple, name: str, source: str) -> None:
    having = np.unique(label)
    if len(having) < 2:
        raise RefkitError(
            f"every label in `{name}` of `{source}` is `{classes[having[0]]}`, and one class cannot be told from others: "
            "give examples of at least two"
        )


def read_ids(columns, name: str, source: str, first_line: int) -> np.ndarray:
    if name not in columns:
        raise RefkitError(
            f"`{source}` has no column `{name}`: name the one that says which example a row is of by `--id`"
        )
    require_whole_column(columns[name], name, source, first_line)
    column = columns[name]
    return np.unique(column.astype(str) if column.dtype.kind == "O" else column, return_inverse=True)[1]
