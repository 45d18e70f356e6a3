"""Which columns are scores, one a class, and which class each is of."""

import numpy as np

from refkit.errors import RefkitError

PREFIXES = ("scores", "score", "probabilities", "probability", "prob")
BETWEEN = "_:-. "


def find_scores(columns: dict[str, np.ndarray], prefix: str | None) -> tuple[dict[str, np.ndarray], str]:
    """Columns of scores by the class in their name, `""` where the name has none, and the prefix that they share.

    Args:
        prefix: as the user gave it; PREFIXES are tried without one.

    Returns:
        Nothing and an empty prefix where there are none.

    Raises:
        RefkitError: the prefix that was given begins no column.
    """
    for tried in PREFIXES if prefix is None else (prefix,):
        if tried in columns and columns[tried].dtype.kind in "iuf":
            return {"": columns[tried]}, tried
        named = {
            name[len(tried) + 1 :]: column
            for name, column in columns.items()
            if name.startswith(tried) and len(name) > len(tried) + 1 and name[len(tried)] in BETWEEN
        }
        if named and all(column.dtype.kind in "iuf" and column.ndim == 1 for column in named.values()):
            return named, tried
    if prefix is not None:
        raise RefkitError(
            f"no column of numbers is called `{prefix}`, or `{prefix}_` and a class: give `--scores` as they begin"
        )
    return {}, ""


def column_names(columns: dict[str, np.ndarray], prefix: str) -> set[str]:
    """The names that the columns found under a prefix have."""
    if not prefix:
        return set()
    return {name for name in columns if name == prefix or (name.startswith(prefix) and name[len(prefix)] in BETWEEN)}


def in_order(named: dict[str, np.ndarray], values: list, prefix: str, given: list | None) -> tuple[np.ndarray, tuple]:
    """Scores in the order of the classes, and the classes.

    Args:
        named: as `find_scores` gives them.
        values: every label and prediction that occurs, sorted.
        prefix: for the messages.
        given: the classes of a matrix's columns, where the file says them.

    Returns:
        `f64[rows, classes]`, or `f64[rows, 1]` for the second class of two; and the classes in that order.

    Raises:
        RefkitError: columns and classes do not fit.
    """
    if "" not in named:
        by_word = {str(value): value for value in values}
        lacking = [word for word in by_word if word not in named]
        if len(named) == 1 and len(values) == 2 and set(named) <= set(by_word):
            word, column = next(iter(named.items()))
            scores = np.asarray(column, float)
            return (scores if str(values[1]) == word else 1 - scores)[:, None], tuple(values)
        if lacking:
            raise RefkitError(
                f"label `{lacking[0]}` has no column of scores: the file has `{prefix}_` and {', '.join(named)}; "
                f"write `{prefix}_{lacking[0]}`, too"
            )
        numbers = all(isinstance(value, int) for value in values) and all(as_int(word) is not None for word in named)
        classes = sorted([by_word.get(word, as_int(word) if numbers else word) for word in named])
        return np.stack([np.asarray(named[str(value)], float) for value in classes], axis=1), tuple(classes)
    scores = np.asarray(named[""], float)
    if scores.ndim == 1:
        if len(values) != 2:
            raise RefkitError(
                f"`{prefix}` is one score a row, which tells two classes apart, and the labels have {len(values)}: "
                "give one column a class"
            )
        return scores[:, None], tuple(values)
    count = scores.shape[1]
    if given is not None:
        lost = [value for value in values if value not in given]
        if len(given) != count or lost:
            why = f"`{lost[0]}` is not among them" if lost else f"`{prefix}` has {count} columns"
            raise RefkitError(f"`classes` names {len(given)} classes, and {why}: name one for each column of scores")
        if given != sorted(given):
            order = np.argsort(np.array(given, object).astype(str) if isinstance(given[0], str) else given)
            return scores[:, order], tuple(given[k] for k in order)
        return scores, tuple(given)
    if all(isinstance(value, int) for value in values) and values and 0 <= values[0] and values[-1] < count:
        return scores, tuple(range(count))
    if len(values) == count:
        return scores, tuple(values)
    raise RefkitError(
        f"`{prefix}` has {count} columns and the labels have {len(values)} classes: say by an array `classes` which is which"
    )


def as_int(word: str) -> int | None:
    try:
        return int(word)
    except ValueError:
        return None
