"""Errors of bootstrap draws: examples drawn anew, with replacement, as many as there are (Efron 1979)."""

import dataclasses
from collections.abc import Callable

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.answers import Part
from refkit.evaluation.metric import Metric

FEW = 4096  # different values or cells, up to which counts of them are drawn in the place of examples
LEVEL = 0.95
TRIES = 20  # for one draw, where a metric is not defined on every draw


def draw_errors(parts: dict[str, Part], metric: Metric, draws: int, seed: int) -> dict[str, np.ndarray]:
    """The error of every part in every draw: `f64[draws]` each.

    Where parts share examples (one `unit` in both), a draw has such an example as often in the one as in the other, so
    that differences between the parts are paired. Examples are drawn within those that occur in the same parts. Parts
    that share none are drawn apart.
    """
    rngs = dict(zip(parts, np.random.default_rng(seed).spawn(len(parts))))
    units = np.concatenate([part.unit for part in parts.values()])
    if np.bincount(units).max() == 1:
        return {name: draw_apart(part, metric, draws, rngs[name]) for name, part in parts.items()}
    return draw_together(parts, metric, draws, np.random.default_rng(seed))


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """Percentiles of draws, `level` between them."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def draw_apart(part: Part, metric: Metric, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws of one part whose examples are all different."""
    if metric.mean is not None:
        return draw_means(part, metric, draws, rng)
    if part.classes and part.answer.ndim == 1 and part.classes**2 <= FEW:
        return draw_cells(part, metric, draws, rng)
    count = len(part.label)
    return np.array([defined(lambda: part.at(rng.integers(0, count, count)), metric) for _ in range(draws)])


def draw_means(part: Part, metric: Metric, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Of a mean only what the examples add counts: how often each different value, if there are few, or which values."""
    each = metric.mean.each(part.label, part.answer)
    count = len(each)
    if metric.is_share:
        return draw_shares(int(each.sum()), count, draws, rng)
    values, counts = np.unique(each[: 4 * FEW], return_counts=True)
    if len(values) <= FEW:
        values, counts = np.unique(each, return_counts=True)
    if len(values) <= min(FEW, count // 4):
        return metric.mean.after(rng.multinomial(count, counts / count, size=draws) @ values / count)
    means = np.empty(draws)
    rows = np.empty(count)
    for draw in range(draws):
        np.take(each, rng.integers(0, count, count, dtype=np.int32), out=rows, mode="clip")
        means[draw] = rows.mean()
    return metric.mean.after(means)


def draw_shares(wrong: int, count: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Of a share the draws are binomial; of none or all of the examples, which no draw would change, Jeffreys's posterior."""
    if 0 < wrong < count:
        return rng.binomial(count, wrong / count, draws) / count
    return rng.beta(wrong + 0.5, count - wrong + 0.5, draws)


def draw_cells(part: Part, metric: Metric, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Of classes only the confusion matrix counts: its cells are drawn, and scikit-learn sees each once, with its weight."""
    cells, counts = np.unique(part.label * part.classes + part.answer, return_counts=True)
    label, answer = np.divmod(cells, part.classes)
    total = counts.sum()

    def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        weights = rng.multinomial(total, counts / total)
        rows = weights > 0
        return label[rows], answer[rows], weights[rows]

    return np.array([weighted(drawn, metric) for _ in range(draws)])


def weighted(drawn: Callable[[], tuple], metric: Metric) -> float:
    """The error of labels and answers that come with weights."""
    for tried in range(TRIES):
        label, answer, weights = drawn()
        keywords = {**metric.keywords, "sample_weight": weights}
        try:
            return dataclasses.replace(metric, keywords=keywords).error(label, answer, int(label.max()) + 1)
        except RefkitError:
            if tried == TRIES - 1:
                raise


def defined(drawn: Callable[[], Part], metric: Metric) -> float:
    """The error of a draw on which the metric is defined; a draw may lack a class."""
    for tried in range(TRIES):
        try:
            return drawn().error(metric)
        except RefkitError:
            if tried == TRIES - 1:
                raise


def draw_together(
    parts: dict[str, Part], metric: Metric, draws: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draws of parts that share examples: how often each example comes, the same for all."""
    names, units = list(parts), [part.unit for part in parts.values()]
    known, places = np.unique(np.concatenate(units), return_inverse=True)
    places = np.split(places, np.cumsum([len(unit) for unit in units])[:-1])
    where = np.zeros(len(known), np.int64)  # in which parts an example occurs, one bit each
    for bit, place in enumerate(places):
        where[place] |= 1 << bit
    strata = [np.flatnonzero(where == value) for value in np.unique(where)]
    sums = [added(part, place, len(known), metric) for part, place in zip(parts.values(), places)]
    errors = np.empty((len(names), draws))
    for draw in range(draws):
        for tried in range(TRIES):
            counts = np.zeros(len(known), np.int64)
            for stratum in strata:
                counts[stratum] = np.bincount(rng.integers(0, len(stratum), len(stratum)), minlength=len(stratum))
            try:
                for k, name in enumerate(names):
                    if sums[k] is not None:
                        errors[k, draw] = (counts @ sums[k][0]) / (counts @ sums[k][1])
                    else:
                        rows = np.repeat(np.arange(len(places[k])), counts[places[k]])
                        errors[k, draw] = parts[name].at(rows).error(metric)
                break
            except RefkitError:
                if tried == TRIES - 1:
                    raise
    after = metric.mean.after if metric.mean is not None else lambda means: means
    return {name: after(errors[k]) for k, name in enumerate(names)}


def added(part: Part, place: np.ndarray, count: int, metric: Metric) -> tuple[np.ndarray, np.ndarray] | None:
    """What each example adds to a mean, and how many rows it has; None where the metric is no mean."""
    if metric.mean is None:
        return None
    each = metric.mean.each(part.label, part.answer)
    return np.bincount(place, each, count), np.bincount(place, minlength=count).astype(float)
