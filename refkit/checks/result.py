"""The rung `result`: what your program reaches on a data set, beside the known result and the baselines there."""

import dataclasses
from typing import Any

import jax
import numpy as np

from refkit import signs
from refkit.checks.check import Check, Outcome, not_run
from refkit.checks.excuses import excuse_for
from refkit.checks.matter import Matter
from refkit.checks.stepped import limited, why_not
from refkit.errors import RefkitError
from refkit.loading.time_limit import OutOfTime
from refkit.report.finding import Finding, Rung

NAME = "result"
AGAIN = 2  # runs that confirm one that is low
ADAM = "the reference's step around your model"


def run(matter: Matter) -> Outcome:
    if matter.own is not None:
        return not_run(NAME, "results are known of the shipped references alone")
    found = list(dict.fromkeys(f"`{finding.rung}`" for finding in matter.earlier if finding.kind != "choice"))
    if found and not matter.asked.results:
        return not_run(NAME, f"mend what {' and '.join(found)} found first; a result would only show it again")
    try:
        return climb(matter)
    except RefkitError as error:
        return not_run(NAME, str(error))


def climb(matter: Matter) -> Outcome:
    from refkit.experiments.protocols import find_protocol
    from refkit.results import store

    asked, reference = matter.asked, matter.subject.name
    protocol = find_protocol(reference, asked.data)
    known = store.load(reference, store.FOLDER).get(protocol.data)
    if known is None:
        command = f"`python scripts/reproduce.py {reference} --data {protocol.data}` makes it"
        return not_run(NAME, f"there is no known result of `{reference}` on `{protocol.data}` yet: {command}")
    if asked.results:
        return of_figures(matter, known)
    if protocol.until_solved is not None:
        why = "the reference is trained until it is solved, for no known number of epochs"
        return not_run(NAME, f"on `{protocol.data}` {why}: bring figures of your own by `--result`")
    if known.made.protocol != protocol.fingerprint:
        return not_run(
            NAME, f"the known result on `{protocol.data}` was made in another way than is known now: reproduce it anew"
        )
    with jax.enable_x64(False):
        return of_training(matter, protocol, known)


def of_figures(matter: Matter, known: Any) -> Outcome:
    """Figures that were brought from elsewhere."""
    from refkit.diagnosis.results.judging import is_share, judge

    values = np.array(matter.asked.results, float)
    strange = [value for value in values if is_share(known.metric) and not 0 <= value <= 1]
    if strange:
        return not_run(NAME, f"`--result {strange[0]:g}` is no share, as {known.metric.name} is: give it from 0 to 1")
    return told(judge(values, known), values, known, "", "")


def of_training(matter: Matter, protocol: Any, known: Any) -> Outcome:
    """Figures of your program, trained here."""
    from refkit.diagnosis.results.fitting import misfit
    from refkit.diagnosis.results.judging import NOTHING, judge
    from refkit.diagnosis.results.training import seconds_for, train_all
    from refkit.diagnosis.results.words import curve_words

    signs.say(f"reading {protocol.data}")
    examples = protocol.examples(0)
    if matter.implementation.alternatives:
        matter.fitted  # noqa: B018: settles in which layout your model takes its inputs
    yours = matter.implementation
    why = misfit(yours.inputs, matter.shown.outputs, yours.label_dtype, examples.train, protocol.data)
    if why:
        return not_run(NAME, why)
    seconds = seconds_for(known)
    way = first_that_trains(matter, protocol, examples)
    if way.learner is None:
        return not_run(NAME, way.lacking)
    train = lambda seeds: train_all(protocol, way.learner, seeds, seconds, lambda: limited(matter, seconds), signs.say)
    because = f" ({way.lacking})" if way.lacking else ""
    trained = f"{way.name}, {protocol.epochs} epochs of `{protocol.data}`{because}"
    try:
        runs = train(range(matter.asked.seeds or 1))
        judgement, excuse = judge(values_of(runs), known), ""
        if judgement.low:
            own, learned = way.learner if way.is_own else None, judgement.kind != NOTHING
            excuse = excuse_for(matter, protocol, examples, own, way.name, learned, way.learner.fell)
        if judgement.low and not excuse and matter.asked.seeds is None:  # one right run in 40 is as low
            again = train(range(1, 1 + AGAIN))
            if again:
                second, runs = judge(values_of(again), known), runs + again
                judgement = dataclasses.replace(second, words=f"{judgement.words}; run again, {second.words}")
    except OutOfTime:
        return not_run(NAME, f"{way.name} was not through after {seconds:.0f} s on `{protocol.data}`")
    except RefkitError:
        raise
    except Exception as error:  # noqa: BLE001: your step may raise anything on values
        said = " ".join(str(error).split())[:160]
        return not_run(NAME, f"{way.name} could not be run on `{protocol.data}`: {type(error).__name__}: {said}")
    curve = curve_words(np.array([run.curve for run in runs]), known)
    return told(judgement, values_of(runs), known, trained, curve, excuse)


def values_of(runs: tuple) -> np.ndarray:
    return np.array([run.value for run in runs])


@dataclasses.dataclass(frozen=True)
class Way:
    """How your program is trained.

    Args:
        learner: None where it cannot be.
        name: what trains.
        lacking: why nothing before it does.
        is_own: whether it is a step of yours.
    """

    learner: Any
    name: str
    lacking: str
    is_own: bool = False


def first_that_trains(matter: Matter, protocol: Any, examples: Any) -> Way:
    """Your step, your step as your own training calls it, or Adam around your loss: the first that takes the data."""
    from refkit.diagnosis.results.learner import YourLearner
    from refkit.diagnosis.results.ways import of_adam, of_recorded, of_step
    from refkit.experiments.training import reference_config

    yours, config = matter.implementation, reference_config(protocol, examples, 0)
    size = config.batch_size
    sizes = (size, len(examples.train[-1]) % size or size)  # the last batch may be short
    batch, short = (tuple(array[:count] for array in examples.train) for count in sizes)
    whys: list[str] = []
    for role, made in (("train_step", of_step), ("recorded_step", of_recorded)):
        with limited(matter):
            part = yours.part(role)
        if part.run is None:
            whys.append(part.lacking)
            continue
        try:
            with limited(matter):
                learner = YourLearner(yours, made(yours, part.run), size)
                learner.begin(0).try_on(batch, short)
            return Way(learner, f"`{part.name}`", "", True)
        except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
            whys.append(why_not(part, error))
    lacking = whys[0]
    try:
        with limited(matter):
            learner = YourLearner(yours, of_adam(yours, config.learning_rate), size)
            learner.begin(0).try_on(batch, short)
        return Way(learner, ADAM, lacking)
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your model or loss may raise anything on values
        said = " ".join(str(error).split())[:160]
        return Way(None, "", f"{lacking}; {ADAM} could not be run: {type(error).__name__}: {said}")


def told(judgement: Any, values: np.ndarray, known: Any, trained: str, curve: str, excuse: str = "") -> Outcome:
    """The rung's line, and the finding where there is one."""
    from refkit.diagnosis.results.judging import NOTHING
    from refkit.diagnosis.results.words import baseline_words, known_words

    simpler = "" if judgement.kind == NOTHING else baseline_words(float(values.mean()), known)
    words = [judgement.words, curve, simpler, known_words(known)]
    said = (f"{trained}: " if trained else "") + "; ".join(filter(None, words))
    if not judgement.low:
        return Outcome(Rung(NAME, "pass", said))
    if excuse:
        return Outcome(Rung(NAME, "choice", f"{said}; {excuse}"))
    return Outcome(Rung(NAME, "fail", "1 difference"), (Finding(NAME, "unexplained", said, help=help_for(trained)),))


def help_for(trained: str) -> str:
    if trained:
        return "look at what the rungs above could not run, and at what your training does that no rung sees"
    return "compare the program itself without `--result`, and what it was trained and tested on"


RESULT = Check(
    NAME,
    compares="what your program reaches on a data set, trained as long as the reference, or a figure that you bring",
    catches="what every other rung has missed, and programs that learn nothing: no better than the majority or the mean",
    looks_like="a result worse than nearly every seed of the known one, or a learning curve below all of theirs",
    fix="mend what the rungs before it find; then look at the budget, the data and the baselines beside the figure",
    run=run,
    trains=True,
)
