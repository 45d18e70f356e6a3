"""Pictures of known results: learning curves with their envelope and the baselines, and seeds beside published figures."""

import dataclasses
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from refkit.errors import RefkitError
from refkit.experiments.showing import figure, seeds_of
from refkit.results import store
from refkit.results.record import Metric, Result
from refkit.results.statistics import envelope

FOLDER = Path(__file__).parents[2] / "pictures"
OURS, THEIRS, FLOOR = "tab:blue", "tab:red", "tab:gray"
SHARES = ("accuracy", "share wrong")  # which are 1 at most; nothing that is measured is below 0
REACH = 1.0  # that an axis is lengthened by at either end for a figure, in its length
ALIKE = 0.01  # of the largest value: the shortest axis


def draw(reference: str, data: list[str] | None = None, results: Path = store.FOLDER, into: Path | None = None) -> list:
    """One PNG for every known result of a reference.

    Args:
        data: names of the data sets; all that have a result if None.
        into: the folder; `pictures` of the checkout, or beside results that lie elsewhere, if None.

    Returns:
        The files.

    Raises:
        RefkitError: there is no result to draw.
    """
    known = store.load(reference, results)
    found = [known[name] for name in (known if data is None else data) if name in known]
    if not found:
        raise RefkitError(
            f"`{reference}` has no known result to draw yet: run `python scripts/reproduce.py {reference}`"
        )
    folder = into or (FOLDER if results == store.FOLDER else results)
    folder.mkdir(parents=True, exist_ok=True)
    return [picture(result, folder) for result in found]


def picture(result: Result, folder: Path) -> Path:
    """The curve and the baselines at the left, the seeds and published figures at the right, on a scale of their own."""
    drawn, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(3, 2), layout="constrained")
    draw_curves(left, result)
    draw_seeds(right, result)
    drawn.suptitle(f"{result.reference} on {result.data}: {result.metric.name} {figure(result)}, {seeds_of(result)}")
    file = folder / f"{result.reference}-{result.data.replace('/', '-')}.png"
    drawn.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(drawn)
    return file


def draw_curves(axes: plt.Axes, result: Result) -> None:
    """Median over seeds at each evaluation, the band between 5 and 95 %, and a line for each baseline."""
    after, at = result.evaluated
    curves = result.curves
    places = np.array(at[: curves.shape[1]])
    low, middle, high = envelope(curves)
    axes.fill_between(places, low, high, color=OURS, alpha=0.25, linewidth=0, label="5 to 95 % of seeds")
    axes.plot(places, middle, color=OURS, marker="." if len(places) < 30 else None, label="median")
    axes.set(xlabel=after, ylabel=f"{result.metric.name}{f' ({result.metric.unit})' if result.metric.unit else ''}")
    baselines = [Mark(value, name, FLOOR, "--") for name, value in result.baselines.items()]
    draw_marks(axes, baselines, *span(np.append(result.values, curves), result.metric))
    axes.legend(loc="best", fontsize="small", frameon=False)


def draw_seeds(axes: plt.Axes, result: Result) -> None:
    """A histogram of the seeds, with a line for each published figure."""
    axes.hist(
        result.values, bins="auto" if len(result.runs) > 4 else 5, orientation="horizontal", color=OURS, alpha=0.6
    )
    axes.set(xlabel="seeds")
    axes.xaxis.get_major_locator().set_params(integer=True)
    published = [Mark(told.figure, told.name, THEIRS, "-") for told in result.published]
    draw_marks(axes, published, *span(result.values, result.metric))


@dataclasses.dataclass(frozen=True)
class Mark:
    """A figure that is drawn as a line."""

    height: float
    name: str
    colour: str
    style: str


def draw_marks(axes: plt.Axes, marks: list[Mark], low: float, high: float) -> None:
    """Lines with their names on an axis that reaches as far as the near ones; the names of those that are far, below."""
    reach = REACH * (high - low)
    near = [mark for mark in marks if low - reach <= mark.height <= high + reach]
    heights = [mark.height for mark in near]
    low, high = min([low, *heights]), max([high, *heights])
    room = (high - low) / 20
    axes.set_ylim(low - room, high + 2 * room)
    for mark, place in zip(near, spread(heights, 1.2 * room), strict=True):
        axes.axhline(mark.height, color=mark.colour, linestyle=mark.style, linewidth=0.9)
        how = dict(transform=axes.get_yaxis_transform(), ha="right", va="bottom")
        axes.text(0.99, place, mark.name, fontsize=6, color=mark.colour, **how)
    far = [f"{mark.name}: {mark.height:.3g}" for mark in marks if mark not in near]
    if far:
        text = "not on this scale:\n" + "\n".join(far)
        behind = dict(facecolor="white", alpha=0.7, edgecolor="none")
        how = dict(transform=axes.transAxes, ha="right", va="bottom", bbox=behind)
        axes.text(0.99, 0.02, text, fontsize=6, color=FLOOR, **how)


def spread(heights: list[float], gap: float) -> list[float]:
    """Where names stand that belong to these heights: each at its own or above it, no two nearer than the gap.

    >>> spread([1.0, 5.0, 1.2], 1.0)
    [1.0, 5.0, 2.0]
    """
    places, last = list(heights), -np.inf
    for k in np.argsort(heights, kind="stable"):
        places[k] = last = max(heights[k], last + gap)
    return places


def span(values: np.ndarray, metric: Metric) -> tuple[float, float]:
    """What values went through, widened where they are all alike, within what the metric can be."""
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = max(0.0, ALIKE * max(abs(low), abs(high), 1e-9) - (high - low)) / 2
    return max(low - room, 0.0), min(high + room, 1.0 if metric.name in SHARES else np.inf)
