"""Known bugs of a score that mixes the examples of a batch: a largest over them, a table of all their pairs."""

import itertools
import re
from typing import TYPE_CHECKING, Any

from refkit.scoring.conditions import innermost
from refkit.scoring.hypotheses import Said
from refkit.scoring.largest import largest_over_first, over_last
from refkit.scoring.verdict import Trial, Verdict

if TYPE_CHECKING:
    from refkit.scoring.judge import Judge

MAKES_COLUMNS = re.compile(
    r", *(None|jnp\.newaxis|np\.newaxis)\]|reshape\(\s*-1, *1\s*\)|keepdims|expand_dims|\[\.\.\., *None\]"
    r"|, *0\]|squeeze\(|ravel\(|flatten\("  # or takes one away, of labels alone
)

MISFIT = re.compile(r"broadcast|incompatible shapes|same shape|array dimensions|concatenate", re.I)


def of_shapes(error: BaseException) -> bool:
    """Whether an error is about shapes that do not go together; what else is raised tells of our way of calling it."""
    return isinstance(error, (TypeError, ValueError)) and bool(MISFIT.search(str(error)))


def largest_over_batch(judge: "Judge", told: dict) -> Verdict | None:
    """That it raised on shapes, as the metric does that takes the largest output over the examples."""
    if not any(map(largest_over_first, judge.definitions)):
        return None
    return raised_likewise(judge, told, "argmax-over-batch", "largest over the examples")


def over_last_axis(judge: "Judge", trials: list[Trial]) -> Verdict | None:
    """That it is right as soon as every argmax of its own is over the last axis instead of the examples."""
    if not any(map(largest_over_first, judge.definitions)):
        return None
    with over_last(judge.definitions, judge.scorer.evidence) as made:
        again = judge.scorer.remade(made.get(judge.scorer.name))
        judge.scorer.forget_traces()
        try:
            every = itertools.chain(judge.trials(again.ways()), judge.trials(again.ways_as_called())) if made else ()
            right = next(filter(None, map(judge.right, every)), None)
        finally:
            judge.scorer.forget_traces()
    if right is None:
        return None
    said = trials[0].leaves[0].values if trials else ()
    error = None if trials else next(iter(judge.errors), None)
    return Verdict(
        judge.scorer,
        "bug",
        "argmax-over-batch",
        "largest over the examples",
        right[1],
        said,
        judge.rights[right[2]],
        judge.sets,
        error,
    )


def tables(judge: "Judge", told: dict[str, list[tuple[Any, Any, Said]]]) -> Verdict | None:
    """That it raised on shapes where it puts the batches' tables of all pairs together, as the edited metric does."""
    if not MAKES_COLUMNS.search(judge.scorer.text):
        return None
    return raised_likewise(judge, told, "targets-broadcast", "a table of all pairs for each batch")


def raised_likewise(judge: "Judge", told: dict, id: str, where: str) -> Verdict | None:
    """A known bug under which the reference's metric raises, where yours has raised on shapes."""
    shapes = [error for error in judge.errors if innermost(error) in judge.files and of_shapes(error)]
    raising = {bug.id for entries in told.values() for bug, _, said in entries if said.raised}
    if not shapes or id not in raising:
        return None
    return Verdict(judge.scorer, "bug", id, where, error=shapes[0], sets=judge.sets)
