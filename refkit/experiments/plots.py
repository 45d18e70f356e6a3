"""Pictures of known results: learning curves with their envelope, and the seeds beside published figures and baselines."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from refkit.errors import RefkitError
from refkit.experiments.showing import figure, seeds_of
from refkit.results import store
from refkit.results.record import Result
from refkit.results.statistics import envelope

FOLDER = Path(__file__).parents[2] / "pictures"
OURS, THEIRS, FLOOR = "tab:blue", "tab:red", "tab:gray"
MOST = 1.02  # of an axis of accuracies


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
    """The curve at the left, the seeds at the right, on one scale."""
    drawn, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(3, 2), sharey=True, layout="constrained")
    draw_curves(left, result)
    draw_seeds(right, result)
    if result.metric.name == "accuracy":
        left.set_ylim(top=min(left.get_ylim()[1], MOST))
    drawn.suptitle(f"{result.reference} on {result.data}: {result.metric.name} {figure(result)}, {seeds_of(result)}")
    file = folder / f"{result.reference}-{result.data.replace('/', '-')}.png"
    drawn.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(drawn)
    return file


def draw_curves(axes: plt.Axes, result: Result) -> None:
    """Median over seeds at each evaluation, and the band between 5 and 95 %."""
    after, at = result.evaluated
    curves = result.curves
    places = np.array(at[: curves.shape[1]])
    low, middle, high = envelope(curves)
    axes.fill_between(places, low, high, color=OURS, alpha=0.25, linewidth=0, label="5 to 95 % of seeds")
    axes.plot(places, middle, color=OURS, marker="." if len(places) < 30 else None, label="median")
    axes.set(xlabel=after, ylabel=f"{result.metric.name}{f' ({result.metric.unit})' if result.metric.unit else ''}")
    axes.legend(loc="best", fontsize="small", frameon=False)


def draw_seeds(axes: plt.Axes, result: Result) -> None:
    """A histogram of the seeds, with a line for each published figure and each baseline."""
    axes.hist(
        result.values, bins="auto" if len(result.runs) > 4 else 5, orientation="horizontal", color=OURS, alpha=0.6
    )
    axes.set(xlabel="seeds")
    axes.xaxis.get_major_locator().set_params(integer=True)
    low, high = span(result)
    axes.set_ylim(low, high)
    marks = [(told.figure, told.name, THEIRS, "-") for told in result.published]
    marks += [(value, name, FLOOR, "--") for name, value in result.baselines.items()]
    for height, name, colour, style in marks:
        if low <= height <= high:
            axes.axhline(height, color=colour, linestyle=style, linewidth=0.9)
            place = dict(transform=axes.get_yaxis_transform(), ha="right", va="bottom")
            axes.text(0.99, height, name, fontsize=6, color=colour, **place)
    far = [f"{name}: {height:.3g}" for height, name, _, _ in marks if not low <= height <= high]
    if far:
        text = "not on this scale:\n" + "\n".join(far)
        axes.text(0.99, 0.02, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=6, color=FLOOR)


def span(result: Result) -> tuple[float, float]:
    """The scale: what the seeds went through, and as much again at both ends for figures that are near."""
    values = np.concatenate([result.values, result.curves.ravel()])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    room = max(float(np.ptp(values)), 0.01 * float(np.abs(values).max()), 1e-9) / 2
    return float(values.min()) - room, float(values.max()) + room
