"""The best known result on a data set, as what cannot be reduced: an upper bound of it, for nobody has proved it the last."""

import dataclasses
from pathlib import Path

from refkit.errors import RefkitError
from refkit.evaluation.metric import Metric
from refkit.results import store
from refkit.results.record import LOWER, UNCONFIRMED, Result

UNITS = {"accuracy": "accuracy", "RMSE": "neg_root_mean_squared_error", "nats": "neg_log_loss"}


@dataclasses.dataclass(frozen=True)
class Best:
    """An error and whose it is.

    Args:
        error: in the metric's unit.
        whose: `the baseline nearest-neighbours on digits, 0.9889`.
    """

    error: float
    whose: str


def best_known(data: str, metric: Metric | None, folder: Path = store.FOLDER) -> Best:
    """The lowest error known on a data set, of references, baselines and published figures that were read somewhere.

    Raises:
        RefkitError: there is no result on it, or of another metric.
    """
    known = [result for result in every_result(folder) if result.data == data]
    if not known:
        having = ", ".join(f"`{name}`" for name in sorted({result.data for result in every_result(folder)}))
        raise RefkitError(
            f"no result is known on `{data}`; there are some on {having}: or give `--irreducible` yourself"
        )
    wanted = "accuracy" if metric is None else metric.name
    fitting = [result for result in known if UNITS.get(result.metric.name) == wanted]
    if not fitting:
        raise RefkitError(
            f"the known result on `{data}` is in {known[0].metric.name}, and your errors in `{wanted}`: give "
            "`--irreducible` yourself"
        )
    return min((best for result in fitting for best in figures(result)), key=lambda best: best.error)


def every_result(folder: Path) -> list[Result]:
    files = sorted(folder.glob("*.json"))
    return [result for file in files for result in store.load(file.stem, folder).values()]


def figures(result: Result) -> list[Best]:
    """Every figure of a result as an error."""
    said = [(f"the reference `{result.reference}`, mean of {len(result.runs)} seeds", result.summary.mean)]
    said += [(f"the baseline {name}", value) for name, value in result.baselines.items()]
    said += [(f"{told.name} ({told.sure})", told.figure) for told in result.published if told.sure != UNCONFIRMED]
    lower = result.metric.better == LOWER
    return [
        Best(value if lower else 1 - value, f"{name}, on `{result.data}`: {result.metric.name} {value:.4g}")
        for name, value in said
    ]
