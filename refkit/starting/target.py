"""Which column is the target, and whether it is classes or numbers."""

import dataclasses
import re

import numpy as np

from refkit.edits.catalogue import near
from refkit.errors import RefkitError
from refkit.starting.source import Source

NAMED = re.compile(r"^(y|ys|labels?|targets?|class|classes|answers?)(_train)?$|^(train_)?(y|labels?|targets?)$", re.I)
MOST_CLASSES = 20  # different whole numbers that are taken for classes


@dataclasses.dataclass(frozen=True)
class Target:
    """The column that is learned.

    Args:
        name: of the column.
        how: it was found, one clause.
        classes: their names and how many examples each has, of the examples to train on; None for numbers.
        plain: whether the classes are whole numbers from 0 that are all there.
        outputs: numbers that the model gives: of classes, or of an example's targets.
        missing: examples that have none.
        one_hot: whether an example's class is the one column of several that is 1.
    """

    name: str
    how: str
    classes: dict[str, int] | None
    plain: bool
    outputs: int
    missing: int = 0
    one_hot: bool = False

    @property
    def regression(self) -> bool:
        return self.classes is None


def find(source: Source, name: str | None, task: str | None) -> Target:
    """The target that is named, or else is called like one, or else is the last column.

    Args:
        task: `classification`, `regression`, or None to see for itself.

    Raises:
        RefkitError: no such column, or one that cannot be learned.
    """
    columns = list(source.train)
    if name is not None and name not in columns:
        known = ", ".join(f"`{column}`" for column in columns[:12]) + (", …" if len(columns) > 12 else "")
        raise RefkitError(f"`{source.name}` has no column `{name}`{near(name, columns)}; it has {known}")
    called = [column for column in columns if NAMED.search(column)]
    if name is not None:
        how = "as you said"
    elif source.guessed in columns:
        name, how = source.guessed, ""
    elif called:
        name, how = called[0], "by its name"
    else:
        name, how = columns[-1], "the last column: `--target` names another"
    if len(columns) < 2:
        raise RefkitError(f"`{source.name}` has `{columns[0]}` and nothing to learn it from: give inputs and targets")
    values = source.train[name]
    if values.ndim > 2 or values.dtype.kind not in "biufOUS":
        kind = f"{values.ndim - 1} axes an example" if values.ndim > 2 else f"values of {values.dtype.name}"
        raise RefkitError(
            f"target `{name}` has {kind}: a starter learns a class or numbers for each example; name another"
        )
    return classes_of(source, name, how) if are_classes(values, task) else numbers_of(source, name, how)


def are_classes(values: np.ndarray, task: str | None) -> bool:
    if task is not None:
        return task == "classification"
    if values.dtype.kind in "OUSb":
        return True
    if values.ndim == 2 and values.shape[1] > 1:
        return is_one_hot(values)
    return values.dtype.kind in "iu" and len(np.unique(values)) <= min(MOST_CLASSES, len(values) / 2)


def classes_of(source: Source, name: str, how: str) -> Target:
    values, every = flat(source.train[name]), flat(source.values(name))
    one_hot = is_one_hot(values)
    if one_hot:
        values, every = values.argmax(axis=1), every.argmax(axis=1)
    if values.ndim > 1:
        raise RefkitError(f"target `{name}` has {values.shape[1]} numbers an example: give each example one class")
    known = values[present(values)]
    kinds, counts = np.unique(known.astype(str) if known.dtype.kind in "OU" else known, return_counts=True)
    if len(kinds) < 2:
        which = f"is `{kinds[0]}` everywhere" if len(kinds) else "is missing everywhere"
        raise RefkitError(f"target `{name}` {which}: give examples of two classes at least")
    if len(kinds) > len(known) / 2:
        raise RefkitError(
            f"target `{name}` has {len(kinds):,} classes in {len(known):,} examples: name another by `--target`, or give "
            "`--task regression` if it is a number"
        )
    unseen = sorted(set(map(str, every[present(every)])) - set(map(str, kinds)))
    if unseen:
        raise RefkitError(f"class `{unseen[0]}` of `{name}` is in the test examples alone: split the data anew")
    plain = values.dtype.kind in "iu" and kinds.tolist() == list(range(len(kinds)))
    classes = dict(zip(map(str, kinds), counts.tolist()))
    return Target(name, how, classes, plain, len(kinds), len(values) - len(known), one_hot)


def numbers_of(source: Source, name: str, how: str) -> Target:
    values = source.train[name]
    if values.dtype.kind not in "biuf":
        raise RefkitError(f"target `{name}` holds words, such as `{values[0]}`: it is no number to predict")
    known = values[present(values)]
    if len(known) == 0 or (known.std(axis=0) == 0).any():
        which = "is missing everywhere" if len(known) == 0 else f"is {float(np.ravel(known)[0]):g} everywhere"
        raise RefkitError(f"target `{name}` {which}: there is nothing to learn")
    return Target(name, how, None, False, values.shape[1] if values.ndim > 1 else 1, len(values) - len(known))


def is_one_hot(values: np.ndarray) -> bool:
    if values.ndim != 2 or values.shape[1] < 2:
        return False
    return bool(np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all())


def flat(values: np.ndarray) -> np.ndarray:
    """A column of one number as one axis."""
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def present(values: np.ndarray) -> np.ndarray:
    """Which examples have a target."""
    if values.dtype.kind == "f":
        return np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if values.dtype == object:
        return np.array([value is not None for value in values], bool)
    return np.ones(len(values), bool)
