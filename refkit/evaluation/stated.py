"""A decomposition of errors that are only stated, with or without how many examples they were taken on."""

import numpy as np

from refkit.errors import RefkitError
from refkit.evaluation.bootstrap import draw_shares
from refkit.evaluation.decomposition import Decomposition, Stage, in_order
from refkit.evaluation.metric import Metric
from refkit.evaluation.stages import IRREDUCIBLE, TEST_VAL, TRAIN_VAL, VAL

UNIT = "share wrong"


def of_errors(
    errors: dict[str, float], counts: dict[str, int], draws: int, seed: int, metric: Metric | None = None
) -> Decomposition:
    """The terms of stated errors.

    Args:
        errors: by stage, `irreducible` among them where it is known.
        counts: examples of a stage; a share of so many wrong answers is then drawn anew.
        metric: what the errors are of; shares of wrong answers if None.

    Raises:
        RefkitError: they are too few, or no errors.
    """
    require_errors(errors, metric)
    if len(errors.keys() - {IRREDUCIBLE}) < 1 or len(errors) < 2:
        raise RefkitError(
            "one error cannot be decomposed: give two at least, such as `--train 0.03 --test 0.13`, and `--irreducible`"
        )
    if VAL in errors and {TRAIN_VAL, TEST_VAL} & errors.keys():
        raise RefkitError(
            "`--val` stands for the only validation set: give `--train-val` and `--test-val` without it, or it alone"
        )
    for name in counts:
        if name not in errors:
            raise RefkitError(
                f"`--count {name}={counts[name]}` has no error beside it: give `--{name.replace('_', '-')}`"
            )
        if not (metric is None or metric.is_share) or errors[name] > 1:
            raise RefkitError("`--count` gives shares of wrong answers an interval: other errors need the predictions")
    rngs = np.random.default_rng(seed).spawn(len(errors))
    stages = []
    for rng, (name, error) in zip(rngs, errors.items()):
        count = counts.get(name)
        drawn = None if count is None else draw_shares(round(error * count), count, draws, rng)
        stages.append(Stage(name, error, count, drawn))
    return Decomposition(in_order(stages), UNIT if metric is None else metric.unit)


def require_errors(errors: dict[str, float], metric: Metric | None) -> None:
    """Raise where a stated error is none, or looks like a score that is better the higher it is."""
    for name, error in errors.items():
        if not np.isfinite(error) or error < 0:
            raise RefkitError(
                f"`--{name.replace('_', '-')} {error:g}` is no error: give a number from 0 on, the lower the better"
            )
    splits = [errors[name] for name in errors if name != IRREDUCIBLE]
    if metric is not None and metric.sign < 0:  # errors in a unit of their own, as they say
        return
    if splits and min(splits) > 0.5 and max(splits) <= 1 and splits == sorted(splits, reverse=True) and len(splits) > 1:
        first = next(name for name in errors if name != IRREDUCIBLE)
        raise RefkitError(
            f"`--{first.replace('_', '-')} {splits[0]:g}` and those after it look like scores, the higher the better, and "
            f"errors are wanted: give 1 - {splits[0]:g} = {1 - splits[0]:.4g}, or say by `--metric` of which error they are"
        )
    require_below(errors.get(IRREDUCIBLE), splits)


def require_below(irreducible: float | None, splits: list[float]) -> None:
    """Raise where the irreducible error looks like an accuracy: above every error, as what it leaves is not."""
    if irreducible is not None and splits and 0.5 < irreducible <= 1 and irreducible > max(splits) >= 1 - irreducible:
        raise RefkitError(
            f"`--irreducible {irreducible:g}` is above every error and looks like an accuracy: give the error, "
            f"1 - {irreducible:g} = {1 - irreducible:.4g}"
        )
