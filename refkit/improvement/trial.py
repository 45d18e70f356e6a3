"""A change that was really tried: what it did to the errors, seed by seed."""

import dataclasses

import numpy as np
from scipy import stats

from refkit.evaluation.bootstrap import LEVEL
from refkit.evaluation.telling import aligned

TINY = 1e-12  # what rounding leaves of no change


@dataclasses.dataclass(frozen=True)
class Runs:
    """Errors of several seeds.

    Args:
        train: on the training examples, `f64[seeds]`; NaN where it is not known.
        held: on held-out ones.
    """

    train: np.ndarray
    held: np.ndarray


@dataclasses.dataclass(frozen=True)
class Trial:
    """One change beside the runs without it, on the same seeds.

    Args:
        item: the advice.
        words: what was changed.
        before, after: without it and with it.
        failed: why it could not be tried; empty where it could.
    """

    item: str
    words: str
    before: Runs | None = None
    after: Runs | None = None
    failed: str = ""

    def change(self, part: str) -> tuple[float, float, float]:
        """Mean change of an error, and its interval by Student's t of the differences of the seeds."""
        differences = getattr(self.after, part) - getattr(self.before, part)
        mean, count = float(differences.mean()), len(differences)
        if count < 2:
            return mean, float("-inf"), float("inf")
        half = float(stats.t.ppf((1 + LEVEL) / 2, count - 1) * differences.std(ddof=1) / np.sqrt(count))
        return mean, mean - half, mean + half

    def verdict(self, part: str) -> str:
        mean, low, high = self.change(part)
        if abs(mean) < TINY and abs(high) < TINY:
            return "no change"
        if high < 0:
            return "better"
        return "worse" if low > 0 else "not told from chance"


def tell(trials: list[Trial], unit: str, how: str, part: str) -> str:
    """What each change did.

    Args:
        part: the error that decides: `train` against underfitting, `held` else.
    """
    done = [trial for trial in trials if not trial.failed]
    lines = [how]
    if done:
        before = done[0].before
        known = np.isfinite(before.train).all()
        said = f"training error {before.train.mean():.4g}, " if known else ""
        lines.append(
            f"as it is: {said}held-out error {before.held.mean():.4g} ({unit}); changes of it, 95 % intervals:"
        )
        shown = {"train": "training", "held": "held-out"}
        parts = [part] + [other for other in ("train", "held") if other != part and (other == "held" or known)]
        rows = [("tried", *(f"{shown[name]} error" for name in parts), "")]
        for trial in done:
            cells = [change_words(trial.change(name)) for name in parts]
            rows.append((f"{trial.item}: {trial.words}", *cells, trial.verdict(part)))
        lines += aligned(rows)
    lines += [f"not tried: {trial.item}: {trial.words}: {trial.failed}" for trial in trials if trial.failed]
    return "\n".join(lines)


def change_words(change: tuple[float, float, float]) -> str:
    mean, low, high = (0.0 if abs(value) < TINY else value for value in change)
    if low == mean == high:
        return f"{mean:+.4g} (in every seed)"
    return f"{mean:+.4g} ({low:+.3g} to {high:+.3g})" if np.isfinite(low) else f"{mean:+.4g}"


def best(trials: list[Trial], part: str) -> Trial | None:
    """The change that is surely better, and most so."""
    better = [trial for trial in trials if not trial.failed and trial.verdict(part) == "better"]
    return min(better, key=lambda trial: trial.change(part)[0], default=None)
