"""The test error as a sum: what cannot be reduced, and each step from there to the test examples."""

import dataclasses

import numpy as np

from refkit.evaluation.bootstrap import interval
from refkit.evaluation.stages import IRREDUCIBLE, STAGES, TERMS, TEST, TRAIN, VAL, VAL_OVERFITTING, VARIANCE

Interval = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Stage:
    """An error on the way from the best possible one to the test's.

    Args:
        name: of STAGES, or `val`.
        error: in the metric's unit, the lower the better.
        examples: None where the error was only stated.
        draws: of the bootstrap, `f64[draws]`; None where there are none: the error is then taken as exact.
    """

    name: str
    error: float
    examples: int | None = None
    draws: np.ndarray | None = None

    @property
    def interval(self) -> Interval | None:
        return None if self.draws is None else interval(self.draws)


@dataclasses.dataclass(frozen=True)
class Term:
    """What lies between two stages.

    Args:
        names: of TERMS, more than one where the stages between are not there: only their sum is known then; and
            `irreducible` first where the best possible error is not known.
        before: the stage that it begins at; None for the first term.
        after: the stage that it ends at.
    """

    names: tuple[str, ...]
    before: Stage | None
    after: Stage

    @property
    def name(self) -> str:
        return " + ".join(self.names)

    @property
    def value(self) -> float:
        return self.after.error - (self.before.error if self.before else 0.0)

    @property
    def draws(self) -> np.ndarray | None:
        """Of the difference; None where neither end has any."""
        ends = [stage.draws for stage in (self.after, self.before) if stage is not None]
        if all(draws is None for draws in ends):
            return None
        start = 0.0 if self.before is None else at(self.before)
        return at(self.after) - start

    @property
    def interval(self) -> Interval | None:
        return None if self.draws is None else interval(self.draws)


def at(stage: Stage) -> np.ndarray | float:
    return stage.error if stage.draws is None else stage.draws


@dataclasses.dataclass(frozen=True)
class Decomposition:
    """Stages in their order, and the terms between them: these sum to the error of the last stage.

    Args:
        unit: of the errors, such as `1 − accuracy`.
    """

    stages: tuple[Stage, ...]
    unit: str

    @property
    def terms(self) -> tuple[Term, ...]:
        found = []
        for before, after in zip((None, *self.stages), self.stages):
            found.append(Term(names_between(before.name if before else None, after.name), before, after))
        return tuple(found)

    @property
    def last(self) -> Stage:
        return self.stages[-1]

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def plain_val(self) -> bool:
        """Whether one validation set stands for both, so that a shift is nowhere to be seen by itself."""
        return self.stage(VAL) is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """Stages that are not there."""
        having = {stage.name for stage in self.stages}
        wanted = (IRREDUCIBLE, TRAIN, VAL, TEST) if self.plain_val else STAGES
        return tuple(name for name in wanted if name not in having)


def in_order(stages: list[Stage]) -> tuple[Stage, ...]:
    order = (*STAGES[:3], VAL, *STAGES[3:])
    return tuple(sorted(stages, key=lambda stage: order.index(stage.name)))


def names_between(before: str | None, after: str) -> tuple[str, ...]:
    """The terms from one stage to another.

    >>> names_between("train", "test_val"), names_between("train", "val"), names_between(None, "train")
    (('variance', 'distribution shift'), ('variance',), ('irreducible', 'avoidable bias'))
    """
    if after == VAL:
        return (VARIANCE,) if before == TRAIN else (*names_between(before, TRAIN), VARIANCE)
    if before == VAL:
        return (VAL_OVERFITTING,)
    start = 0 if before is None else STAGES.index(before)
    terms = TERMS[start : STAGES.index(after)]
    return (IRREDUCIBLE, *terms) if before is None else terms
