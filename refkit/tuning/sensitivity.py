"""How much of the metric's variance each hyper-parameter explains: functional ANOVA on the trials that were run."""

import dataclasses
import math
import warnings
from collections.abc import Sequence

import optuna
from optuna.distributions import FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from refkit.tuning.guide import entry_of
from refkit.tuning.spaces import Range, Space

FEWEST = 4  # trials that were trained to their end
A_PARAMETER = 10  # trials for each hyper-parameter, below which the shares are rough


@dataclasses.dataclass(frozen=True)
class Sensitivity:
    """One hyper-parameter.

    Args:
        name: of it.
        share: of the variance that is explained, 0 to 1; None where it was not varied or there are too few trials.
        entry: what the guide calls it; empty where the guide has none.
        rank: the guide's: `high`, `medium`, `low`; empty likewise.
    """

    name: str
    share: float | None
    entry: str = ""
    rank: str = ""


def sensitivities(space: Space, trials: Sequence[FrozenTrial], direction: str) -> list[Sensitivity]:
    """Every hyper-parameter of the space, the most sensitive first.

    Args:
        trials: of them those count that were trained to their end.
    """
    shares = measured(space, trials, direction)
    found = [Sensitivity(name, shares.get(name), *(entry_of(name) or ())) for name in space]
    return sorted(found, key=lambda one: -1.0 if one.share is None else -one.share)


def measured(space: Space, trials: Sequence[FrozenTrial], direction: str) -> dict[str, float]:
    """Shares by name; empty where there is nothing to measure."""
    study = on_its_scale(space, trials, direction)
    done = study.get_trials(deepcopy=False)
    if len(done) < FEWEST or len({trial.value for trial in done}) < 2:
        return {}
    varied = [name for name in space if len({trial.params[name] for trial in done}) > 1]
    if not varied:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), params=varied)
    return {name: float(share) for name, share in shares.items() if math.isfinite(share)}


def on_its_scale(space: Space, trials: Sequence[FrozenTrial], direction: str) -> optuna.Study:
    """The trials that were trained to their end as a study in memory, logarithmic ranges as logarithms.

    optuna's functional ANOVA weighs a range evenly in its values: of 1e-5 to 1e-1 nine tenths would lie above 1e-2.
    """
    study = optuna.create_study(direction=direction)
    study.add_trials(
        optuna.create_trial(
            value=trial.value,
            params={name: placed(what, trial.params[name]) for name, what in space.items()},
            distributions={name: scaled(what) for name, what in space.items()},
        )
        for trial in trials
        if trial.state == TrialState.COMPLETE
    )
    return study


def placed(dimension, value):
    return math.log10(value) if isinstance(dimension, Range) and dimension.log else value


def scaled(dimension):
    if isinstance(dimension, Range) and dimension.log:
        return FloatDistribution(math.log10(dimension.low), math.log10(dimension.high))
    return dimension.distribution
