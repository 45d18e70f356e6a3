"""The statistics that known results are told and judged by."""

import dataclasses

import numpy as np
from scipy import stats

LEVEL = 0.95
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclasses.dataclass(frozen=True)
class Summary:
    """A sample of seeds.

    Args:
        count: of seeds.
        mean, deviation: with Bessel's correction; the deviation of one seed is NaN.
        quantiles: by their level.
    """

    count: int
    mean: float
    deviation: float
    quantiles: dict[float, float]


def summarise(values: np.ndarray) -> Summary:
    """Mean, deviation and quantiles of `f64[seeds]`.

    Raises:
        ValueError: there are none.
    """
    values = np.asarray(values, float)
    if not values.size:
        raise ValueError("there is no seed to summarise")
    deviation = float(values.std(ddof=1)) if values.size > 1 else float("nan")
    quantiles = {level: float(np.quantile(values, level)) for level in QUANTILES}
    return Summary(values.size, float(values.mean()), deviation, quantiles)


def prediction_interval(values: np.ndarray, level: float = LEVEL, more: int = 1) -> tuple[float, float]:
    """Where the mean of `more` further runs lies with probability `level`, if they are drawn as the known ones were.

    Student's t, for values that are about normal: mean ± t · deviation · √(1/more + 1/count).

    Args:
        values: of at least two known runs.
    """
    known = summarise(values)
    if known.count < 2:
        return float("-inf"), float("inf")
    half = stats.t.ppf((1 + level) / 2, known.count - 1) * known.deviation * np.sqrt(1 / more + 1 / known.count)
    return known.mean - float(half), known.mean + float(half)


def envelope(curves: np.ndarray, levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> np.ndarray:
    """Quantiles over seeds at each evaluation: `f64[levels, evaluations]` of `f64[seeds, evaluations]`."""
    return np.quantile(curves, levels, axis=0)


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of whether two means differ by less than a margin.

    Args:
        difference: yours less the known mean.
        margin: the smallest difference that matters.
        p: the larger of the two one-sided p-values.
        low, high: of the difference, at 90 %: inside ±margin exactly where p is below 0.05.
    """

    difference: float
    margin: float
    p: float
    low: float
    high: float

    @property
    def equivalent(self) -> bool:
        return self.p < 0.05


def equivalence(yours: np.ndarray, known: np.ndarray, margin: float) -> Equivalence:
    """Whether the mean of your runs is that of the known ones up to `margin` (Schuirmann 1987), by Welch's t-tests.

    Args:
        yours, known: `f64[runs]`, at least two each.
        margin: in the unit of the values, above 0.

    Raises:
        ValueError: a sample has fewer than two runs.
    """
    yours, known = np.asarray(yours, float), np.asarray(known, float)
    if min(yours.size, known.size) < 2:
        raise ValueError("an equivalence test needs two runs or more on both sides")
    difference = float(yours.mean() - known.mean())
    if yours.std() == known.std() == 0:  # no spread: no test, the difference itself decides
        return Equivalence(difference, margin, float(abs(difference) >= margin), difference, difference)
    above = stats.ttest_ind(yours + margin, known, equal_var=False, alternative="greater")
    below = stats.ttest_ind(yours - margin, known, equal_var=False, alternative="less")
    interval = stats.ttest_ind(yours, known, equal_var=False).confidence_interval(0.9)
    return Equivalence(
        difference, margin, float(max(above.pvalue, below.pvalue)), float(interval.low), float(interval.high)
    )
