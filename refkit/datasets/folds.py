"""Ten-fold cross-validation of scikit-learn's tables."""

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from refkit import datasets
from refkit.datasets.scikit_learn import ScikitLearnTable
from refkit.errors import RefkitError

TABLES = {builder.name: builder for builder in datasets.DATASETS if issubclass(builder, ScikitLearnTable)}


def load_table(name: str) -> dict[str, np.ndarray]:
    """All rows of one of scikit-learn's tables in its own order: `{"features": f32[rows, features], "label": …}`.

    Raises:
        RefkitError: it is none of them.
    """
    if name not in TABLES:
        known = ", ".join(f"`{table}`" for table in TABLES)
        raise RefkitError(f"data set `{name}` is not a table of scikit-learn: give {known}")
    builder = TABLES[name]
    return dict(zip((*builder.inputs, builder.target), builder.table(), strict=True))


def split_folds(targets: np.ndarray, folds: int = 10, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training rows and test rows of each fold: shuffled, every row tested once, the same at every call.

    Classes have the same share in every fold, as in scikit-learn's own cross-validation.

    >>> [test.tolist() for _, test in split_folds(np.array([0, 0, 1, 1]), folds=2)]
    [[1, 2], [0, 3]]
    """
    kind = StratifiedKFold if np.issubdtype(targets.dtype, np.integer) else KFold
    return list(kind(folds, shuffle=True, random_state=seed).split(targets, targets))
