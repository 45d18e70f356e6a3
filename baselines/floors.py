"""What each baseline reaches on one data set."""

from collections.abc import Callable

import numpy as np

from baselines.baseline import Baseline, Inputs
from baselines.linear_regression import LINEAR_REGRESSION
from baselines.logistic_regression import LOGISTIC_REGRESSION
from baselines.majority import MAJORITY
from baselines.mean import MEAN
from baselines.nearest_neighbours import NEAREST_NEIGHBOURS
from baselines.single_modality import PICTURE_ALONE, WORDS_ALONE

Examples = tuple[Inputs, np.ndarray]

BASELINES: tuple[Baseline, ...] = (
    MAJORITY,
    MEAN,
    LINEAR_REGRESSION,
    LOGISTIC_REGRESSION,
    NEAREST_NEIGHBOURS,
    PICTURE_ALONE,
    WORDS_ALONE,
)


def find_floors(train: Examples, test: Examples, score: Callable[[np.ndarray, np.ndarray], float]) -> dict[str, float]:
    """The score on `test` of every baseline that applies, fitted on `train`.

    Args:
        train: inputs and targets `[batch]`.
        test: likewise.
        score: of predictions and targets.
    """
    fitting = [baseline for baseline in BASELINES if baseline.applies(*train)]
    inputs, targets = test
    return {baseline.name: score(baseline.fit(*train)(inputs), targets) for baseline in fitting}
