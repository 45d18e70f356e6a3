"""How an initial value is spread: its distribution, told exactly from quantiles or else from samples."""

import dataclasses
import statistics

import numpy as np

QUANTILES = (0.25, 0.75, 0.9375)  # exact in the bits of every float type
EXACT = 1e-4
MOST = 20_000
SMOOTH = 0.8  # share of elements that must be drawn alike for a quantile to speak for all

NORMAL = statistics.NormalDist()
WITHIN_TWO = NORMAL.cdf(2) - NORMAL.cdf(-2)
TRUNCATED = float(np.sqrt(1 - 4 * np.exp(-2) / np.sqrt(2 * np.pi) / WITHIN_TWO))  # 0.8796


def normal_quantile(share: float) -> float:
    return NORMAL.inv_cdf(share)


def truncated_quantile(share: float) -> float:
    return NORMAL.inv_cdf(NORMAL.cdf(-2) + WITHIN_TWO * share)


# For each kind: its quantile function at scale 1, and its standard deviation at scale 1.
KINDS = {
    "uniform": (lambda share: 2 * share - 1, 1 / np.sqrt(3)),
    "normal": (normal_quantile, 1.0),
    "truncated-normal": (truncated_quantile, TRUNCATED),
}


@dataclasses.dataclass(frozen=True)
class Spread:
    """A distribution.

    Args:
        kind: `constant`, `uniform`, `normal`, `truncated-normal`, `orthogonal` or `other`.
        deviation: standard deviation.
        center: mean; of a constant its value.
        scale: half the width of a uniform one, the deviation of a truncated one before truncation.
        error: relative error of the deviation.
    """

    kind: str
    deviation: float
    center: float = 0.0
    scale: float = 0.0
    error: float = EXACT

    @property
    def exact(self) -> bool:
        return self.error <= EXACT

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        if self.kind == "constant":
            return f"constant {self.center:.3g}"
        if self.kind == "uniform" and self.center:
            return f"uniform from {clean(self.center - self.scale):.3g} to {clean(self.center + self.scale):.3g}"
        return f"standard deviation {self.deviation:.3g}"


def clean(number: float) -> float:
    return 0.0 if abs(number) < 1e-6 else number


def spread_of(sample: np.ndarray, quantiles: list[np.ndarray]) -> Spread:
    """The distribution of an array's elements.

    Args:
        sample: one draw.
        quantiles: its value where every random number is at each of `QUANTILES` of its range; empty if not known.
    """
    if sample.size == 0 or not np.ptp(sample):
        alone = sample.size == 1 and quantiles and quantiles[0].item() != quantiles[1].item()
        if not alone:
            return Spread("constant", 0.0, float(sample.flat[0]) if sample.size else 0.0)
    measured = measured_spread(sample)
    exact = exact_spread([thinned(value) for value in quantiles]) if quantiles else None
    if exact is not None and (sample.size == 1 or agree(exact, measured)):
        return exact
    if sample.ndim > 1 and is_orthogonal(sample):
        return dataclasses.replace(measured, kind="orthogonal")
    return measured


def agree(exact: Spread, measured: Spread) -> bool:
    return abs(np.log(exact.deviation / measured.deviation)) < 6 * measured.error + 0.02


def thinned(value: np.ndarray) -> np.ndarray:
    """Elements enough to tell a distribution by."""
    return value.ravel()[:: -(-value.size // MOST)] if value.size > MOST else value.ravel()


def exact_spread(quantiles: list[np.ndarray]) -> Spread | None:
    low, high, far = quantiles
    centers, halves = (low + high) / 2, (high - low) / 2
    half, center = float(np.median(halves)), float(np.median(centers))
    if not np.isfinite([half, center]).all() or half == 0 or np.isclose(halves, half, rtol=EXACT).mean() < SMOOTH:
        return None
    ratio = float(np.median(far) - center) / half
    for kind, (quantile, deviation) in KINDS.items():
        if abs(ratio - quantile(QUANTILES[2]) / quantile(QUANTILES[1])) < 0.01:
            scale = abs(half) / quantile(QUANTILES[1])
            return Spread(kind, scale * deviation, center if abs(center) > 1e-3 * scale else 0.0, scale)
    return None


def measured_spread(sample: np.ndarray) -> Spread:
    values = thinned(sample)
    count, mean, deviation = values.size, float(values.mean()), float(values.std())
    if not np.isfinite(deviation) or deviation == 0:
        return Spread("other", deviation, mean, error=1.0)
    center = mean if abs(mean) > 5 * deviation / np.sqrt(count) else 0.0
    squares = ((values - mean) / deviation) ** 2
    tail = float((squares * squares).mean())
    error = float(np.sqrt(max(tail - 1, 0.5) / (4 * count)))
    kind = "other"
    if count >= 200:
        bound = float(np.sqrt(squares.max()))
        kind = "uniform" if tail < 2 and bound < 1.8 else "truncated-normal" if bound < 2.3 else "normal"
    return Spread(kind, deviation, center, deviation / KINDS[kind][1] if kind in KINDS else 0.0, error)


def is_orthogonal(value: np.ndarray) -> bool:
    """Whether its rows or columns are orthogonal to one another and equally long."""
    return orthogonal_rows(value.reshape(-1, value.shape[-1])) or orthogonal_rows(value.reshape(len(value), -1))


def orthogonal_rows(matrix: np.ndarray) -> bool:
    matrix = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    if not np.isfinite(matrix).all():
        return False
    if len(matrix) == 1:  # any vector is orthogonal: one of length 1 is made to be
        return bool(matrix.size > 1 and abs(float((matrix * matrix).sum()) - 1) < 1e-5)
    product = matrix @ matrix.T
    length = product.trace() / len(product)
    return bool(length > 0 and np.abs(product - length * np.eye(len(product))).max() < 1e-3 * length)
