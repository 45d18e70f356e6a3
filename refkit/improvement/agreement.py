"""Whether the validation examples still stand for the test examples, and when to draw the split anew."""

import numpy as np
from scipy import stats

from refkit.evaluation.cells import missing
from refkit.evaluation.decomposition import Decomposition
from refkit.evaluation.figures import decimals_of, figure
from refkit.evaluation.predictions import Predictions
from refkit.evaluation.stages import TEST, TEST_VAL, VAL, VAL_OVERFITTING
from refkit.improvement.slices import MOST, VALUES

RARE = 0.01  # of a p-value over all columns together
LEAST = 5  # expected examples of a kind, for the chi-squared test


def tell(predictions: Predictions, parts: Decomposition) -> str:
    """Errors first, then what the examples are made of."""
    having = predictions.splits
    val = next((name for name in (TEST_VAL, VAL) if name in having), None)
    if val is None or TEST not in having:
        lacking = "test" if TEST not in having else "test_val"
        return f"rebalancing: cannot be told without predictions on `{lacking}`"
    lines = [f"rebalancing: {errors_words(parts, val)}"]
    unlike = unlike_columns(predictions, having[val], having[TEST])
    if unlike:
        said = ", ".join(f"`{name}` (p = {p:.1g})" for name, p in unlike)
        lines.append(
            f"  {val} and test are made of different examples, by {said}: put both together and draw them anew, at random"
        )
    else:
        lines.append(f"  no column tells the examples of {val} from those of test")
    return "\n".join(lines)


def errors_words(parts: Decomposition, val: str) -> str:
    term = next(one for one in parts.terms if one.names == (VAL_OVERFITTING,))
    low, high = term.interval
    places = decimals_of(parts)
    between = f"test − {val} is {figure(term.value, places)} ({figure(low, places)} to {figure(high, places)})"
    if low > 0:
        return f"{between}: validation looks better than test, draw the split anew: put both together, shuffle, divide again"
    if high < 0:
        return f"{between}: test looks better than validation, the two are not of one kind; draw the split anew"
    least = figure(max(high - term.value, term.value - low), places)
    return f"{between}: they agree, keep the split; a difference below about {least} would not be seen with so many examples"


def unlike_columns(predictions: Predictions, val: np.ndarray, test: np.ndarray) -> list[tuple[str, float]]:
    """Columns whose values differ more than chance makes them, with the p-value times the number of columns (Bonferroni)."""
    columns = {"label": predictions.label} | predictions.columns
    tested = {name: p_value(column, val, test) for name, column in columns.items()}
    tested = {name: p for name, p in tested.items() if p is not None}
    return [(name, min(1.0, p * len(tested))) for name, p in tested.items() if p * len(tested) < RARE]


def p_value(column: np.ndarray, val: np.ndarray, test: np.ndarray) -> float | None:
    """Chi-squared of kinds, Kolmogorov and Smirnov's test of numbers; None where a column tells nothing of this sort."""
    empty = missing(column)
    sides = [column[rows][~empty[rows]] for rows in (val, test)]
    if min(map(len, sides)) < LEAST:
        return None
    values = sorted(set(np.concatenate(sides).tolist()), key=str)
    if column.dtype.kind in "iuf" and len(values) > VALUES:
        return float(stats.ks_2samp(*(side.astype(float) for side in sides)).pvalue)
    if not 2 <= len(values) <= MOST:
        return None
    counts = np.array([[(side == value).sum() for value in values] for side in sides])
    shares = counts.sum(axis=0) * min(counts.sum(axis=1)) / counts.sum()
    counts = counts[:, shares >= LEAST]  # the others are too rare to be tested
    return float(stats.chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else None
