"""The rung `overfit`: your training on one batch that is held, to almost nothing."""

import re
from collections.abc import Callable

import jax

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.known import known_bug
from refkit.checks.matter import Matter, default_config
from refkit.checks.stepped import limited, why_not
from refkit.diagnosis.held.curves import stored
from refkit.diagnosis.held.overfitting import FAST, Overfitting, Seen, Verdict, alike, judge
from refkit.diagnosis.sources import source_of
from refkit.edits.catalogue import find_bug
from refkit.loading.time_limit import OutOfTime
from refkit.report.finding import Candidate, Finding, Rung

NAME = "overfit"
SMOOTHS = re.compile(r"smooth", re.IGNORECASE)
WORDS = {
    "goes-up": "goes up",
    "explodes": "explodes",
    "oscillates": "oscillates",
    "plateaus": "stays on a plateau",
}
ALIKE = {"parameters-not-updated": ("learning-rate-too-low",)}  # a step may be too small for the numbers' own precision
ADAM = "the reference's step around your model"


def run(matter: Matter) -> Outcome:
    if matter.own is not None:
        return not_run(NAME, "how fast a batch is learnt is known of the shipped references alone")
    with jax.enable_x64(False):
        return climb(matter)


def climb(matter: Matter) -> Outcome:
    subject = matter.subject
    training = Overfitting(matter.implementation, subject.name, matter.shown.outputs, subject.regression)
    seen, name, lacking, line = first_that_trains(matter, training)
    if seen is None:
        return not_run(NAME, lacking)
    if seen.fell:
        return outcome(NAME, [], passed(seen, name, lacking))
    fast = fast_of(matter, training)
    verdict = judge(seen, fast, bool(SMOOTHS.search(source_of(matter.implementation.file))), evidence_of(training))
    if not verdict.alarm:
        return outcome(NAME, [], f"{curve_words(seen, name)}; {verdict.why}")
    earlier = explained_by(matter, seen)
    if earlier:
        return Outcome(Rung(NAME, "fail", f"{curve_words(seen, name)}, as is to be expected of {earlier}"))
    return outcome(NAME, [finding(matter, seen, verdict, name, line)], "")


def first_that_trains(matter: Matter, training: Overfitting) -> tuple[Seen | None, str, str, int]:
    """The first way of training that works, what trains, why the ways before it do not, and the step's line."""
    whys: list[str] = []
    for role in ("recorded_step", "train_step"):
        with limited(matter):
            part = matter.implementation.part(role)
        if part.run is None:
            whys.append(part.lacking)
            continue
        way: Callable = training.recorded if role == "recorded_step" else training.stepped
        try:
            with limited(matter):
                return way(part)(), f"`{part.name}`", "", part.line
        except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
            whys.append(why_not(part, error))
    lacking = whys[-1] if whys else "no train step is known"
    rate = default_config(matter.subject.name, matter.subject.model).learning_rate
    try:
        with limited(matter):
            return training.under_adam(rate), ADAM, lacking, 0
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your model or loss may raise anything on values
        said = " ".join(str(error).split())[:160]
        return None, "", f"{lacking}; {ADAM} could not be run: {type(error).__name__}: {said}", 0


def fast_of(matter: Matter, training: Overfitting) -> Seen | None:
    try:
        with limited(matter):
            return training.fast()
    except (Exception, OutOfTime):  # noqa: BLE001: your loss may raise anything on values
        return None


def evidence_of(training: Overfitting) -> str | None:
    try:
        return training.evidence
    except Exception:  # noqa: BLE001: your model or loss may raise anything on values
        return None


def curve_words(seen: Seen, name: str) -> str:
    found = seen.features
    if found.broken is not None:
        return (
            f"{name}: the loss of one batch is not finite at step {found.broken + 1}, after {found.first:.4g} at first"
        )
    return f"{name}: {found.first:.4g} to {found.last:.4g} in {seen.steps} steps on one batch"


def passed(seen: Seen, name: str, lacking: str) -> str:
    found, because = seen.features, f" ({lacking})" if lacking else ""
    if seen.kind == "falls":
        within = next(count for count in (20, 50, 100, 200, 500, 1000, 2000) if seen.steps <= count)
        return f"{name} brings the loss of one batch to almost nothing within {within} steps{because}"
    if seen.kind == "settles":
        return (
            f"{name} brings the loss of one batch from {found.first:.3g} to {found.last:.3g}, where it stays{because}"
        )
    ended = ", when the time for this was over" if seen.curve.cut else ""
    return f"{name} still lowers the loss of one batch after {seen.steps} steps, from {found.first:.3g} to {found.last:.3g}{ended}{because}"


def explained_by(matter: Matter, seen: Seen) -> str:
    """What earlier rungs have found and this curve may come of; empty where there is nothing such."""
    rows = {row.id: row.kind for row in stored().signatures if row.reference == matter.subject.name}
    wrong = [found for found in matter.earlier if found.kind != "choice" and found.rung != "metric"]
    names = [
        f"`{found.id}`" if found.id else f"what `{found.rung}` found"
        for found in wrong
        if found.id is None or rows.get(found.id, seen.kind) != "falls"
    ]
    return " and ".join(dict.fromkeys(names))


def finding(matter: Matter, seen: Seen, verdict: Verdict, name: str, line: int) -> Finding:
    near = alike(seen, matter.subject.name)
    said = f"the loss of one held batch {WORDS[seen.kind]}: {curve_words(seen, name)}"
    if seen.floor is not None and seen.kind in ("plateaus", "oscillates"):
        wrong = 1 - seen.right if seen.floor.name == "twice" and seen.right is not None else 0.0
        said += f"; that is {seen.floor.words}" + (
            f", and 1 more for each of the {wrong:.0%} answered wrongly" if wrong else ""
        )
    said = "; ".join(filter(None, (said, verdict.why)))
    place: dict = {}
    if verdict.of_step and line:
        text = source_of(matter.implementation.file).splitlines()[line - 1]
        place = dict(file=matter.implementation.file, line=line, end_line=line, source=text.strip())
    candidates = [(verdict.id, 0.0)] if verdict.id else []
    candidates += [
        (other, 0.0) for other in (*ALIKE.get(verdict.id, ()), *(find_bug(verdict.id).alike if verdict.id else ()))
    ]
    candidates += [pair for pair in near if pair[0] not in dict(candidates)]
    listed = tuple(Candidate(id, distance) for id, distance in candidates[:4])
    if verdict.id is not None:
        return known_bug(NAME, verdict.id, said, candidates=listed, **place)
    return Finding(NAME, "unexplained", said, candidates=listed, help=help_for(seen, verdict), **place)


def help_for(seen: Seen, verdict: Verdict) -> str:
    if seen.kind == "explodes":
        return "look for the first number that is not finite, and try a hundredth of the learning rate"
    if verdict.of_step:
        return "look at what the step makes of its gradients and its batch: rate, schedule, labels, what is drawn anew"
    return (
        f"look at what goes into the loss: Adam at {FAST:g} brings the reference's to almost nothing on its own batch"
    )


OVERFIT = Check(
    NAME,
    compares="the loss of one batch that is held, from step to step of your own training, with almost nothing",
    catches="what keeps a program from learning at all, wherever it is: rates, signs, floors, labels, numbers not finite",
    looks_like="a loss that goes up, explodes, oscillates or stays on a plateau, such as ln C or 1.461",
    fix="make one batch go to almost nothing before anything else: the kind of curve and its floor say where to look",
    run=run,
    trains=True,
)
