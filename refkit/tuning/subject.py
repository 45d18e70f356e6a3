"""What is tuned: something that trains at given values and says how good that was."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from refkit.errors import RefkitError
from refkit.results.record import HIGHER, LOWER
from refkit.tuning.spaces import Space

Report = Callable[[float, int], None]
# Words in the names of metrics that are better the lower, and of those that are better the higher.
LOWER_WORDS = "loss error err mse rmse mae nll perplexity wrong entropy deviance brier wer cer".split()
HIGHER_WORDS = "accuracy acc f1 auc auroc precision recall r2 score bleu rouge map iou dice likelihood".split()


class Diverged(ArithmeticError):
    """A trial's loss or metric is not a finite number any more."""


class Unusable(RefkitError):
    """What a trial gives is of no use, and would be in every other trial: the search stops."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """One thing to be tuned.

    Args:
        name: `mlp on breast_cancer`, or `my.py:train`.
        space: the search space.
        metric: what is measured, by name.
        better: HIGHER or LOWER.
        settings: what else decides a trial's figure, by name: two studies that differ there cannot be joined.
        run: trains at values of the hyper-parameters, reports `(value, step)` on the way, and gives the last value.
        own: values of its own, in the space: the reference's, or defaults of the function; some may have none.
        judged: on what: `91 validation examples`.
        source: the reference and its data, or the file, as on the command line.
        next_step: what to do with the best values, for the last line.
    """

    name: str
    space: Space
    metric: str
    better: str
    settings: dict[str, Any]
    run: Callable[[dict[str, Any], Report], float]
    own: dict[str, Any] = dataclasses.field(default_factory=dict)
    judged: str = ""
    source: str = ""
    next_step: Callable[[dict[str, Any]], str] = lambda values: ""

    @property
    def direction(self) -> str:
        """In optuna's words."""
        return "maximize" if self.better == HIGHER else "minimize"


def better_of(metric: str) -> str | None:
    """Whether a metric is better the higher or the lower, as far as its name says.

    >>> better_of("val_loss"), better_of("top-1 accuracy"), better_of("x")
    ('lower', 'higher', None)
    """
    words = metric.lower().replace("-", " ").replace("_", " ").split()
    for better, known in ((LOWER, LOWER_WORDS), (HIGHER, HIGHER_WORDS)):
        if any(word in known for word in words):
            return better
    return None


def require_finite(value: float, what: str) -> float:
    """The value.

    Raises:
        Diverged: it is NaN or infinite.
    """
    if not math.isfinite(value):
        raise Diverged(f"{what} is {value}")
    return value


def require_direction(metric: str, direction: str | None, known: str | None) -> str:
    """HIGHER or LOWER, as `--direction` says or as the metric is known.

    Raises:
        RefkitError: it is the wrong way round, or cannot be told.
    """
    given = {"maximize": HIGHER, "minimize": LOWER, None: None}[direction]
    if given is None and known is None:
        raise RefkitError(
            f"whether `{metric}` is better the higher or the lower cannot be told from its name: "
            "say `--direction maximize` or `--direction minimize`"
        )
    if given is not None and known is not None and given != known:
        raise RefkitError(
            f"`{metric}` is better the {known}, and `--direction {direction}` is the wrong way round: leave it out, or name "
            "another `--metric`"
        )
    return given or known
