"""Whether figures of yours are those of the known result."""

import dataclasses
import warnings

import numpy as np

from refkit.results.record import HIGHER, Metric, Result
from refkit.results.statistics import equivalence, prediction_interval

OF_A_SHARE = 0.005  # half a percentage point
OF_THE_MEAN = 0.05  # of a metric that is no share
KEPT = 1e-5  # of a figure: results data keeps six digits
TRIVIAL = ("majority", "mean")  # baselines that look at no input
BETTER, WITHIN, EQUIVALENT, UNDECIDED, WORSE, NOTHING = (
    "better",
    "within",
    "equivalent",
    "undecided",
    "worse",
    "nothing",
)


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What figures are beside the known ones.

    Args:
        kind: BETTER, WITHIN the prediction interval, EQUIVALENT, UNDECIDED, WORSE, or NOTHING learned.
        words: figure, interval, margin; one clause.
    """

    kind: str
    words: str

    @property
    def low(self) -> bool:
        return self.kind in (WORSE, NOTHING)


def judge(values: np.ndarray, known: Result) -> Judgement:
    """One figure by the prediction interval, several by the equivalence test, all by the baselines.

    Args:
        values: `f64[runs]`, of the known result's metric.
    """
    values, metric = np.asarray(values, float), known.metric
    mean, margin = float(values.mean()), margin_of(known)
    figure = of_runs(values, metric)
    trivial = trivial_of(known)
    if not np.isfinite(mean):
        return Judgement(NOTHING, f"{figure} is no number: it has learned nothing")
    low, high = prediction_interval(known.values, more=len(values))
    if trivial is not None and not beats(mean, trivial[1], metric) and stands_above(known, trivial[1]):
        return Judgement(NOTHING, f"{figure} is no better than {trivial[0]} ({trivial[1]:.4g}): it has learned nothing")
    if not np.isfinite(low):
        return Judgement(UNDECIDED, f"{figure}; one known seed gives no interval to judge it by")
    many = len(values) > 1
    shown = np.clip((low, high), 0, 1) if is_share(metric) else (low, high)
    span = f"the 95 % prediction interval {shown[0]:.4g} to {shown[1]:.4g}" + (
        f" of the mean of {len(values)} runs" if many else ""
    )
    slack = KEPT * abs(known.summary.mean)
    outside = not low - slack <= mean <= high + slack
    if outside and beats(mean, known.summary.mean, metric):
        return Judgement(BETTER, f"{figure} is better than {span}")
    if outside and abs(mean - known.summary.mean) > margin:
        return Judgement(WORSE, f"{figure} is worse than {span}")
    if not many:
        if outside:
            return Judgement(WITHIN, f"{figure} is worse than {span}, by less than the {margin:.2g} that count")
        return Judgement(WITHIN, f"{figure} lies in {span}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of figures that are all the same
        test = equivalence(values, known.values, margin)
    words = f"the difference is {test.difference:+.2g} (90 % interval {test.low:+.2g} to {test.high:+.2g})"
    if test.equivalent:
        return Judgement(EQUIVALENT, f"{figure} is the known one up to {margin:.2g}, by an equivalence test: {words}")
    return Judgement(UNDECIDED, f"{figure}: {len(values)} runs cannot tell whether it differs by {margin:.2g}; {words}")


def of_runs(values: np.ndarray, metric: Metric) -> str:
    unit = f" {metric.unit}" if metric.unit else ""
    of = f" (mean of {len(values)} runs)" if len(values) > 1 else ""
    return f"{metric.name} {values.mean():.4g}{unit}{of}"


def margin_of(known: Result) -> float:
    """The smallest difference that matters: the known deviation, or more where that is less than anybody minds."""
    deviation = known.summary.deviation
    least = OF_A_SHARE if is_share(known.metric) else OF_THE_MEAN * abs(known.summary.mean)
    return max(deviation, least) if np.isfinite(deviation) else least


def is_share(metric: Metric) -> bool:
    """Whether a metric goes from 0 to 1."""
    return not metric.unit and any(word in metric.name for word in ("accuracy", "share"))


def beats(value: float, other: float, metric: Metric) -> bool:
    return value > other if metric.better == HIGHER else value < other


def trivial_of(known: Result) -> tuple[str, float] | None:
    """The answer that looks at no input, and what it reaches."""
    return next(((name, known.baselines[name]) for name in TRIVIAL if name in known.baselines), None)


def stands_above(known: Result, trivial: float) -> bool:
    """Whether the known result itself is beyond doubt better than the trivial answer; some published figures are chance."""
    low, high = prediction_interval(known.values)
    edge = low if known.metric.better == HIGHER else high
    return beats(edge if np.isfinite(edge) else known.summary.mean, trivial, known.metric)
