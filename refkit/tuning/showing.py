"""A study in words: its best trial, its trials, its rounds, how sensitive each hyper-parameter is, and what to do next."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from refkit.tuning import narrowing
from refkit.tuning.narrowing import best_first
from refkit.tuning.sensitivity import A_PARAMETER, Sensitivity, sensitivities
from refkit.tuning.spaces import Range, Space, shown
from refkit.tuning.studies import REASON, failed, look
from refkit.tuning.subject import Subject

ROWS, REASONS = 15, 5
EDGE = 0.02  # share of a range that counts as its edge


def in_words(study: optuna.Study, subject: Subject, wanted: int | None = None, files: Sequence[Path] = ()) -> str:
    """The whole report; its last line is the one next thing to do.

    Args:
        wanted: finished trials that were asked for; None where one was tried by hand.
        files: pictures that were drawn.
    """
    now = look(study)
    order = best_first(now.finished, subject.direction)
    parts = [head(subject, now.finished, order)]
    if order:
        parts += [best(order[0], own_trial(order, subject), subject), table(order, subject)]
    parts += [failures(now.finished), rounds(study, subject.space)]
    if order:
        parts.append(sensitive(sensitivities(subject.space, now.finished, subject.direction), len(order)))
    parts.append("\n".join(["pictures", *(f"  {file}" for file in files)]) if files else "")
    parts.append(f"next: {next_step(study, subject, order, wanted)}")
    return "\n\n".join(filter(None, parts))


def one_in_words(trial: FrozenTrial, subject: Subject) -> str:
    """A trial by hand."""
    if trial.value is not None:
        return f"trial {trial.number}, by hand: {subject.metric} {shown(trial.value)}"
    return f"trial {trial.number}, by hand, failed: {trial.user_attrs.get(REASON, 'it was stopped')}"


def head(subject: Subject, trials: Sequence[FrozenTrial], order: Sequence[FrozenTrial]) -> str:
    pruned = sum(trial.state == TrialState.PRUNED for trial in trials)
    lost = sum(map(failed, trials))
    kinds = [f"{pruned} pruned" * bool(pruned), f"{lost} failed" * bool(lost)]
    said = ", ".join([f"{len(trials)} trial{'s' * (len(trials) != 1)}", *filter(None, kinds)])
    judged = f" on {subject.judged}" if subject.judged else ""
    return f"{subject.name}: {subject.metric}{judged}, {subject.better} is better; {said}"


def best(trial: FrozenTrial, own: FrozenTrial | None, subject: Subject) -> str:
    """The best trial with its values, beside the subject's own values."""
    line = f"best: trial {trial.number}, {subject.metric} {shown(trial.value)}"
    if own is not None:
        same = own.number == trial.number
        line += (
            ", with the values that it has of itself"
            if same
            else f" (its own values: {shown(own.value)}, trial {own.number})"
        )
    width = max(map(len, subject.space))
    return "\n".join([line, *(f"  {name:{width}}  {shown(trial.params[name])}" for name in subject.space)])


def own_trial(order: Sequence[FrozenTrial], subject: Subject) -> FrozenTrial | None:
    """The trial at the values that the subject has of itself."""
    return next((trial for trial in order if subject.own and trial.params == subject.own), None)


def table(order: Sequence[FrozenTrial], subject: Subject) -> str:
    rows = [["trial", subject.metric, *subject.space]]
    rows += [
        [str(trial.number), shown(trial.value), *(shown(trial.params[name]) for name in subject.space)]
        for trial in order[:ROWS]
    ]
    more = [f"  and {len(order) - ROWS} more"] * (len(order) > ROWS)
    return "\n".join(["trials, the best first", *aligned(rows), *more])


def aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]


def failures(trials: Sequence[FrozenTrial]) -> str:
    lost = [trial for trial in trials if failed(trial)]
    if not lost:
        return ""
    lines = [f"  trial {trial.number}: {trial.user_attrs[REASON]}" for trial in lost[:REASONS]]
    more = [f"  and {len(lost) - REASONS} more"] * (len(lost) > REASONS)
    return "\n".join(["failed", *lines, *more])


def rounds(study: optuna.Study, space: Space) -> str:
    """What each round from coarse to fine has closed in on."""
    lines, before = [], space
    for number, found in narrowing.kept(study, space).items():
        if not found.around:
            lines.append(f"round {number}: too few trials were trained to their end to close in on any")
            continue
        lines.append(f"round {number} closes in on trials {', '.join(map(str, found.around))}")
        changed = {name: what for name, what in found.space.items() if what != before[name]}
        lines += [f"  {name}: {before[name]} to {what}" for name, what in changed.items()]
        same = [name for name in found.space if name not in changed]
        lines += [f"  as before: {', '.join(same)}"] * bool(same)
        before = found.space
    return "\n".join(lines)


def sensitive(found: list[Sensitivity], trials: int) -> str:
    if all(one.share is None for one in found):
        return "sensitivity: too few trials, or all alike, to measure it"
    rough = ", rough: fewer than 10 a hyper-parameter" if trials < A_PARAMETER * len(found) else ""
    rows = [["hyper-parameter", "measured", "the guide says"]]
    for one in found:
        said = f"{one.rank} ({one.entry})" if one.rank else "nothing"
        rows.append([one.name, "not varied" if one.share is None else f"{one.share:.2f}", said])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = [f"  {a:{widths[0]}}  {b:>{widths[1]}}  {c}" for a, b, c in rows]
    return "\n".join(
        [f"sensitivity, share of the variance that each explains (fANOVA on {trials} trials{rough})", *lines]
    )


def next_step(study: optuna.Study, subject: Subject, order: Sequence[FrozenTrial], wanted: int | None) -> str:
    """One thing: what is wrong first, then what is not finished, then a range that is too narrow, then the values."""
    now = look(study)
    if not order:
        lost = [trial for trial in now.finished if failed(trial)]
        return (
            f"mend what made every trial fail ({lost[0].user_attrs[REASON]}), then search again in another study (`--study FILE`)"
            if lost
            else "let a trial come to its end: run the same command again"
        )
    if wanted is not None and len(now.finished) < wanted and now.running:
        return (
            f"{len(now.running)} trials are still with other processes: run the same command again when they have ended"
        )
    edges = [
        f"{name}={wider(what, order[0].params[name])}"
        for name, what in subject.space.items()
        if at_edge(what, order[0].params[name])
    ]
    if edges:
        return (
            f"the best trial lies at the edge of its range: search again with `--space {edges[0]}`"
            + " and `--space NAME` for each of the others" * (len(subject.space) > 1)
            + ", in another study (`--study FILE`)"
        )
    if order[0].params == subject.own:
        return "keep the values that it has of itself, or search on with more `--trials`"
    return subject.next_step(order[0].params)


def at_edge(dimension: Any, value: Any) -> bool:
    """Whether a value lies at an end of its range beyond which there may be more: not at 0, nor at one layer."""
    if not isinstance(dimension, Range):
        return False
    share = dimension.share(value)
    return share >= 1 - EDGE or (share <= EDGE and dimension.low not in (0, 1))


def wider(dimension: Range, value: Any) -> str:
    """The range with as much again beyond the end at which the value lies; what was above 0 stays above."""
    low, high = dimension.low, dimension.high
    if dimension.share(value) >= 0.5:
        high = high * high / low if dimension.log else 2 * high - low
    else:
        low = low * low / high if dimension.log else low / 2 if low > 0 else 2 * low - high
    if dimension.whole:
        low, high = max(math.floor(low), 1) if dimension.low > 0 else math.floor(low), math.ceil(high)
    return f"{shown(low)}..{shown(high)}{':log' * dimension.log}"
