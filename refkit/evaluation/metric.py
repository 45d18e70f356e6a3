"""A scikit-learn metric as an error: the lower the better, in one unit for every split."""

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.means import MEANS, Mean

REGRESSION, CLUSTERS = "_regression", "cluster"
DEFAULT = {True: "neg_root_mean_squared_error", False: "accuracy"}
SHORT = {
    "rmse": "neg_root_mean_squared_error",
    "mse": "neg_mean_squared_error",
    "mae": "neg_mean_absolute_error",
    "auc": "roc_auc",
}
UNBOUNDED = ("positive_likelihood_ratio",)  # there is no best score to take the error from


@dataclasses.dataclass(frozen=True)
class Metric:
    """A scorer of scikit-learn.

    Args:
        name: as scikit-learn has it: `roc_auc`.
        function: of labels and answers.
        sign: -1 where the function is an error itself, 1 where it is a score with 1 for a perfect model.
        regression: whether labels are numbers.
        takes_scores: whether answers are scores rather than predictions.
        keywords: of the function, from scikit-learn.
        mean: how the metric is a mean over examples; None where it is none.
    """

    name: str
    function: Callable[..., float]
    sign: int
    regression: bool
    takes_scores: bool
    keywords: dict[str, Any]
    mean: Mean | None = None

    @property
    def unit(self) -> str:
        """What the error is: `1 − accuracy`, `log loss`."""
        if self.sign > 0:
            return f"1 − {self.name}"
        return self.name.removeprefix("neg_").replace("_", " ")

    @property
    def is_share(self) -> bool:
        """Whether the error is a share of the examples."""
        return self.name == "accuracy"

    def error(self, label: np.ndarray, answer: np.ndarray, classes: int = 0) -> float:
        """Of labels `[examples]` and predictions `[examples]` or scores `f64[examples, classes]`.

        Args:
            classes: how many there are at all; 0 for regression.

        Raises:
            RefkitError: scikit-learn cannot compute it of these.
        """
        keywords = dict(self.keywords)
        takes = inspect.signature(self.function).parameters
        if self.takes_scores and "labels" in takes and (classes > 2 or "y_proba" in takes):
            keywords["labels"] = np.arange(classes)
        if self.takes_scores and classes == 2:
            answer = answer[:, -1] if "labels" not in keywords else both(answer)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = float(self.function(label, answer, **keywords))
        except (ValueError, TypeError) as error:
            raise RefkitError(self.cannot(error, classes)) from error
        if not np.isfinite(value):
            raise RefkitError(
                f"`{self.name}` is not defined on some of these examples, such as a split with one class alone: give "
                "more examples, or another `--metric`"
            )
        return value if self.sign < 0 else 1 - value

    def cannot(self, error: Exception, classes: int) -> str:
        said = " ".join(str(error).split())[:120]
        other = f"`{self.name}_macro`" if self.keywords.get("average") == "binary" else "another `--metric`"
        if self.name.startswith("roc_auc") and classes > 2:
            other = "`--metric roc_auc_ovr`"
        what = f"{classes} classes" if classes else "these numbers"
        return f"`{self.name}` cannot be computed of {what}: {said.rstrip('.')}; try {other}"


def both(answer: np.ndarray) -> np.ndarray:
    """Scores of both of two classes, where there is the second one's alone."""
    return answer if answer.shape[1] == 2 else np.concatenate([1 - answer, answer], axis=1)


def find_metric(name: str) -> Metric:
    """The metric that scikit-learn knows under a name, with or without the `neg_` of an error.

    >>> find_metric("log_loss").name, find_metric("roc_auc").unit
    ('neg_log_loss', '1 − roc_auc')

    Raises:
        RefkitError: there is none, or it is no measure of predictions.
    """
    from sklearn.metrics import get_scorer, get_scorer_names

    names = get_scorer_names()
    name = SHORT.get(name.lower(), name)
    known = next((tried for tried in (name, f"neg_{name}", f"{name}_score") if tried in names), None)
    if known is None:
        import difflib

        near = difflib.get_close_matches(name, names, 3)
        meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else "see scikit-learn's scorers"
        raise RefkitError(f"scikit-learn has no metric `{name}`: {meant}")
    scorer = get_scorer(known)
    module = scorer._score_func.__module__
    if f".{CLUSTERS}." in module or known in UNBOUNDED or known.endswith("_samples"):
        raise RefkitError(
            f"`{known}` has no best score to measure an error from: give a metric of predictions, such as accuracy or "
            "neg_log_loss"
        )
    return Metric(
        known,
        scorer._score_func,
        scorer._sign,
        module.endswith(REGRESSION),
        scorer._response_method != "predict",
        {key: value for key, value in scorer._kwargs.items() if value is not None},
        MEANS.get(known),
    )
