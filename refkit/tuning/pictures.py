"""optuna's own plots of a study as PNG: its history, a slice for each hyper-parameter, and how sensitive each is."""

import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import optuna
from optuna.importance import FanovaImportanceEvaluator
from optuna.visualization import matplotlib as plots

from refkit.errors import RefkitError
from refkit.tuning.sensitivity import FEWEST, measured, on_its_scale
from refkit.tuning.studies import finished
from refkit.tuning.subject import Subject


def draw(study: optuna.Study, subject: Subject, folder: Path) -> list[Path]:
    """`history.png`, `slices.png` and `importances.png`; the last one only where there are enough trials.

    Args:
        folder: made where there is none.

    Returns:
        The files.

    Raises:
        RefkitError: they cannot be written, or there is no trial to draw.
    """
    trials = finished(study)
    done = [trial for trial in trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not done:
        raise RefkitError("there is no trial that was trained to its end, so nothing to draw: leave out `--plot`")
    varied = list(measured(subject.space, trials, subject.direction))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = {
            "history": plots.plot_optimization_history(study, target_name=subject.metric),
            "slices": plots.plot_slice(study, params=list(subject.space), target_name=subject.metric),
        }
        if varied and len(done) >= FEWEST:
            scaled = on_its_scale(subject.space, trials, subject.direction)
            evaluator = FanovaImportanceEvaluator(seed=0)
            drawn["importances"] = plots.plot_param_importances(
                scaled, evaluator=evaluator, params=varied, target_name=subject.metric
            )
        for axes in np.ravel(drawn["slices"]):
            axes.tick_params(axis="x", labelrotation=90)  # words lie over one another otherwise
        return [save(np.ravel(axes)[0].figure, folder / f"{name}.png") for name, axes in drawn.items()]


def save(figure: plt.Figure, file: Path) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=110, bbox_inches="tight", metadata={"Software": None})
    except OSError as error:
        raise RefkitError(
            f"`{file}` cannot be written: {error.strerror or error}; give another folder by `--plot`"
        ) from error
    finally:
        plt.close(figure)
    return file
