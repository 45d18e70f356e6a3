"""The rung `data`: what becomes of examples and labels before the model takes them."""

import numpy as np

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.differences import statement_at
from refkit.checks.known import known_bug
from refkit.checks.matter import Matter
from refkit.diagnosis.data.naming import named
from refkit.diagnosis.data.observing import Observation, observe
from refkit.diagnosis.data.situation import Situation
from refkit.diagnosis.data.symptom import Symptom
from refkit.edits.catalogue import find_bug
from refkit.implementation import Part
from refkit.loading.time_limit import OutOfTime, time_limit
from refkit.report.finding import Candidate, Finding, Side

NAME = "data"
ROLES = ("split", "load", "made", "preprocess", "batches", "train")
LIMIT_S = 40.0


def run(matter: Matter) -> Outcome:
    if matter.own is not None:
        return not_run(NAME, "data is compared with the shipped references alone")
    situation = situation_of(matter)
    observed = {role: observe_part(matter.implementation.part(role), situation, matter) for role in ROLES}
    every = [symptom for seen in observed.values() for symptom in seen.symptoms]
    consumed = [symptom for symptom in every if (symptom.role, symptom.kind) == ("train", "not a number")]
    symptoms = once([*consumed, *every])  # where missing values are passed on, rather than where they are made
    symptoms = [symptom for symptom in symptoms if symptom.kind != "unscaled" or not scaled_in_model(matter)]
    findings = [finding_of(symptom, matter) for symptom in symptoms]
    if matter.quick:
        findings = [found for found in findings if found.id is None or not find_bug(found.id).of_learning]
    seen = [f"{role}: {each.words}" for role, each in observed.items() if each.words]
    if not seen and not findings:
        return not_run(NAME, "; ".join(each.lacking for role, each in observed.items() if role not in ("load", "made")))
    notes = [each.note for each in observed.values() if each.note]
    return outcome(NAME, findings, "; ".join([*seen, *notes]))


def scaled_in_model(matter: Matter) -> bool:
    """Whether the model scales its inputs itself, so that raw ones are what it takes."""
    try:
        return matter.setting.value("scaling") not in (None, "none")
    except Exception:  # noqa: BLE001: a model that cannot be compared says nothing of its inputs
        return False


def situation_of(matter: Matter) -> Situation:
    implementation = matter.implementation
    file = implementation.file
    regression = implementation.label_dtype == "float32" if implementation.label_dtype else matter.subject.regression
    with open(file, encoding="utf-8") as text:
        source = text.read()
    outputs = matter.shown.outputs or (1,)
    return Situation(matter.subject.name, implementation.inputs, int(outputs[-1]), regression, file, source)


def observe_part(part: Part, situation: Situation, matter: Matter) -> Observation:
    """One part, within a limit of time."""
    own = part.role == "train"
    ours = lambda frame: (
        frame is not None and (frame.f_code.co_filename == situation.file if own else within(frame, situation.file))
    )
    try:
        with time_limit(LIMIT_S, ours):
            return observe(part, situation, getattr(part.run, "sources", None))
    except OutOfTime:
        return Observation(lacking=f"`{part.name}` was not through after {LIMIT_S:g} s")


def within(frame, file: str) -> bool:
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    return frame is not None


def once(symptoms: list[Symptom]) -> list[Symptom]:
    """Of symptoms of one kind the first: a batch shows again what the preprocess that it calls has shown."""
    kept: dict[str, Symptom] = {}
    for symptom in symptoms:
        kept.setdefault(symptom.kind, symptom)
    return list(kept.values())


def finding_of(symptom: Symptom, matter: Matter) -> Finding:
    file = matter.implementation.file
    place = {"file": file, **statement_at(file, symptom.line)} if symptom.line else {"file": file}
    sides = {"yours": side(symptom.yours), "reference": side(symptom.expected)}
    bugs = named(symptom, matter.subject.name)
    if not bugs:
        return Finding(
            NAME,
            "unexplained",
            symptom.message,
            help="compare this line with the reference's part of that name",
            **place,
            **sides,
        )
    candidates = tuple(Candidate(other.id, distance) for other, distance in bugs)
    return known_bug(NAME, candidates[0].id, symptom.message, candidates=candidates, **place, **sides)


def side(value: np.ndarray | None) -> Side | None:
    if value is None or not value.size or value.dtype.kind not in "iufb":
        return None
    return Side(str(value.dtype), tuple(value.shape), float(np.min(value)), float(np.max(value)))


DATA = Check(
    NAME,
    compares="what preprocess, batches, split and load make of tagged examples: scale, order, number, label, part",
    catches="wrong scaling and statistics, shuffled or shifted labels, lost examples, "
    "test examples in the training set",
    looks_like="a loss that sits at ln C, a saw-tooth, or a test accuracy that is too good",
    fix="look at the named line, and at a few examples with their labels as the model gets them",
    run=run,
)
