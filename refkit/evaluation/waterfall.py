"""The terms as a waterfall: each bar begins where the one before ended, the last is the test error."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from refkit.errors import RefkitError
from refkit.evaluation.decomposition import Decomposition
from refkit.evaluation.figures import decimals_of, figure, term_figure

FIXED, UP, DOWN, WHOLE = "tab:gray", "tab:orange", "tab:green", "tab:blue"


def draw(parts: Decomposition, file: Path) -> None:
    """Write the picture.

    Raises:
        RefkitError: it cannot be written.
    """
    places, terms = decimals_of(parts), parts.terms
    drawn, axes = plt.subplots(figsize=(1.6 * (len(terms) + 1) + 1, 4), layout="constrained")
    for k, term in enumerate(terms):
        start = term.before.error if term.before else 0.0
        colour = FIXED if term.before is None else UP if term.value >= 0 else DOWN
        axes.bar(k, term.value, bottom=start, color=colour, width=0.7)
        if term.interval is not None:
            low, high = term.interval
            axes.errorbar(
                k,
                start + term.value,
                [[max(term.value - low, 0)], [max(high - term.value, 0)]],
                color="black",
                capsize=3,
            )
        axes.plot([k - 0.35, k + 1.35], [term.after.error] * 2, color="black", linewidth=0.6)
        top = max(start, term.after.error, start + term.interval[1] if term.interval else 0)
        above(axes, k, top, term_figure(term, places))
    axes.bar(len(terms), parts.last.error, color=WHOLE, width=0.7)
    above(axes, len(terms), parts.last.error, figure(parts.last.error, places))
    names = [
        term.name.replace(" + ", " +\n").replace("validation overfitting", "validation\noverfitting") for term in terms
    ]
    axes.set_xticks(range(len(terms) + 1), [*names, f"{parts.last.name} error"], fontsize="small")
    axes.set_ylabel(f"error ({parts.unit})")
    axes.margins(y=0.12)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    try:
        drawn.savefig(file, dpi=110, format="png", metadata={"Software": None})
    except OSError as error:
        raise RefkitError(f"`{file}` cannot be written: {error.strerror or error}; give another `--plot`") from error
    finally:
        plt.close(drawn)


def above(axes: plt.Axes, x: int, y: float, text: str) -> None:
    axes.annotate(text, (x, y), (0, 3), textcoords="offset points", ha="center", va="bottom", fontsize="small")
