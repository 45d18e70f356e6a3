"""Which raw example a processed one was, and how it was scaled."""

import dataclasses
from collections.abc import Iterator

import numpy as np

COLUMNS = 60  # of an example, among those that vary, by which it is known
LEAST = 0.3  # of the largest deviation, for a pixel that varies
ROUNDS = 6
CLOSE = 2e-3  # of a column's deviation: float32 over a few operations stays far below
CLOSE_PIXEL = 0.03  # pixels may have been rounded to bytes on the way
SHARE = 0.95
FEW = 120  # examples by which the scale is looked for


@dataclasses.dataclass(frozen=True)
class Identity:
    """What a processed array is of a raw one.

    Args:
        rows: for each processed example the raw one's number, -1 where it is none of them.
        scale: of each element: processed = scale · raw + offset.
        offset: likewise.
        view: how the pictures lie: empty for upright, else `transposed`, `upside down` and so on.
    """

    rows: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    view: str = ""

    @property
    def typical_scale(self) -> float:
        finite = np.abs(self.scale[np.isfinite(self.scale)])
        return float(np.median(finite)) if finite.size else float("nan")


def identify(raw: np.ndarray, processed: np.ndarray, images: bool = False) -> Identity | None:
    """The raw example behind each processed one; None where no scaling of single elements makes the one of the other.

    Args:
        raw: `[n, ...]`.
        processed: `[m, ...]`, with as many elements an example.
        images: whether examples are pictures, which may lie on their side.
    """
    if processed.ndim == 0 or raw.ndim == 0 or not len(processed) or not len(raw):
        return None
    flat = np.asarray(processed, np.float64).reshape(len(processed), -1)
    for name, view in views(raw, images):
        seen = np.asarray(view, np.float64).reshape(len(view), -1)
        if seen.shape[1] != flat.shape[1]:
            continue
        found = match(seen, flat, images)
        if found is not None:
            shape = np.shape(view)[1:]
            return Identity(found.rows, found.scale.reshape(shape), found.offset.reshape(shape), name)
    return None


def views(raw: np.ndarray, images: bool) -> Iterator[tuple[str, np.ndarray]]:
    yield "", raw
    if not images:
        return
    if raw.ndim == 3:
        raw = raw[..., None]
    if raw.ndim != 4 or raw.shape[1] != raw.shape[2]:
        return
    if raw.shape[-1] > 1:
        yield "", raw.transpose(0, 3, 1, 2)
    yield "transposed", raw.swapaxes(1, 2)
    yield "mirrored", raw[:, :, ::-1]
    yield "upside down", raw[:, ::-1]
    yield "turned by 180 degrees", raw[:, ::-1, ::-1]
    yield "turned by 90 degrees", np.rot90(raw, 1, (1, 2))
    yield "turned by 270 degrees", np.rot90(raw, 3, (1, 2))
    yield "transposed the other way", np.rot90(raw, 2, (1, 2)).swapaxes(1, 2)


def match(raw: np.ndarray, processed: np.ndarray, whole: bool) -> Identity | None:
    """Nearest neighbours and least squares in turn.

    Args:
        raw: `f64[n, elements]`.
        processed: `f64[m, elements]`.
        whole: whether all elements are scaled alike, as pixels are.
    """
    kept = np.isfinite(raw).all(axis=0) & np.isfinite(processed).all(axis=0) & (raw.std(axis=0) > 0)
    if not kept.any():
        return None
    spread = raw.std(axis=0) * kept
    varied = np.flatnonzero(kept & (spread > LEAST * spread.max())) if whole else np.flatnonzero(kept)
    columns = varied[np.unique(np.linspace(0, len(varied) - 1, min(COLUMNS, len(varied))).astype(int))]
    one, other = raw[:, columns], processed[:, columns]
    spread = np.where(one.std(axis=0) > 0, one.std(axis=0), 1)
    few = other[:: max(1, len(other) // FEW)]
    close = CLOSE_PIXEL if whole else CLOSE
    for scale, offset in starts(one, other, whole):
        scale, offset, rows = search(one, few, scale, offset, spread, whole)
        if (apart(one[rows], few, scale, offset, spread) < close).mean() < SHARE:
            continue
        rows = nearest(one * scale + offset, other, np.abs(scale) * spread)
        scale, offset = least_squares(one[rows], other, whole)
        good = apart(one[rows], other, scale, offset, spread) < close
        if good.mean() >= SHARE and len(np.unique(rows)) >= min(different(other), len(raw)) / 3:
            every = least_squares(raw[rows], processed, whole)
            every = [np.broadcast_to(part, raw.shape[1:]) for part in every]
            constant = raw[rows].std(axis=0) == 0
            every[0] = np.where(constant, np.nan, every[0])
            return Identity(np.where(good, rows, -1), *every)
    return None


def different(rows: np.ndarray) -> int:
    """How many rows there are, those that are equal counted once."""
    return len({row.tobytes() for row in np.ascontiguousarray(rows)})


def search(raw, processed, scale, offset, spread, whole: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scale, offset and rows, each made from the other in turn until the rows stay."""
    rows = None
    for _ in range(ROUNDS):
        again = nearest(raw * scale + offset, processed, np.abs(scale) * spread)
        if rows is not None and (again == rows).all():
            break
        rows = again
        scale, offset = least_squares(raw[rows], processed, whole)
    return scale, offset, rows


def apart(raw, processed, scale, offset, spread) -> np.ndarray:
    """For each row how far it is from the raw one scaled, in deviations of the element that is furthest."""
    return (np.abs(raw * scale + offset - processed) / np.maximum(np.abs(scale) * spread, 1e-30)).max(axis=1)


def starts(raw: np.ndarray, processed: np.ndarray, whole: bool) -> Iterator[tuple]:
    """Scales and offsets to begin the search with, the likeliest first."""
    width = raw.shape[1]
    ones, zeros = np.ones(width), np.zeros(width)
    yield ones, zeros
    if whole:
        for low, high in ((raw.min(), raw.max()), (0.0, raw.max())):
            if high > low and len(processed):
                scale = (processed.max() - processed.min()) / (high - low) or 1.0
                yield ones * scale, ones * (processed.min() - scale * low)
        for scale in (1 / 255, 1 / 16, 1 / 127.5):
            yield ones * scale, zeros
    deviation, own = raw.std(axis=0), processed.std(axis=0)
    if (own > 0).any():
        scale = np.where(deviation > 0, own / np.where(deviation > 0, deviation, 1), 0)
        scale = np.where(scale > 0, scale, 1.0)
        yield scale, processed.mean(axis=0) - scale * raw.mean(axis=0)
        middle = np.median(raw, axis=0), np.median(processed, axis=0)
        yield scale, middle[1] - scale * middle[0]


def nearest(raw: np.ndarray, processed: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """For each processed row the nearest raw one, every column weighing the same."""
    spread = np.where(spread > 0, spread, 1)
    one, other = raw / spread, processed / spread
    shift = one.mean(axis=0)
    one, other = one - shift, other - shift
    distance = (one**2).sum(axis=1)[None] - 2 * other @ one.T
    return distance.argmin(axis=1)


def least_squares(raw: np.ndarray, processed: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scale and offset of each column, or one of all columns."""
    if whole:
        x, y = raw.ravel(), processed.ravel()
        good = np.isfinite(x) & np.isfinite(y)
        x, y = x[good], y[good]
        spread = ((x - x.mean()) ** 2).sum()
        scale = ((x - x.mean()) * (y - y.mean())).sum() / spread if spread else 1.0
        width = raw.shape[1]
        return np.full(width, scale), np.full(width, y.mean() - scale * x.mean())
    x, y = raw - raw.mean(axis=0), processed - processed.mean(axis=0)
    spread = (x**2).sum(axis=0)
    scale = np.where(spread > 0, (x * y).sum(axis=0) / np.where(spread > 0, spread, 1), 1.0)
    return scale, processed.mean(axis=0) - scale * raw.mean(axis=0)
