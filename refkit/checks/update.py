"""The rung `update`: three steps of your own training, beside the gradients that they take."""

import ast
import dataclasses

import numpy as np

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.known import known_bug
from refkit.checks.matter import Matter
from refkit.checks.raised import step_finding
from refkit.checks.stepped import limited, stepped, why_not
from refkit.diagnosis.sources import source_of
from refkit.diagnosis.steps.epsilons import epsilon_fault, epsilon_place
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.intents import intents
from refkit.diagnosis.steps.keys import statement_on
from refkit.diagnosis.steps.places import lines_of, place_of
from refkit.diagnosis.steps.rate_places import rate_place
from refkit.diagnosis.steps.rates import overwhelming, pace, rate_fault
from refkit.diagnosis.steps.readings import readings
from refkit.diagnosis.steps.schedules import over_early
from refkit.diagnosis.steps.stepping import Stepping
from refkit.diagnosis.steps.text import Reading, StepText
from refkit.edits.catalogue import find_bug
from refkit.loading.time_limit import OutOfTime
from refkit.report.finding import Candidate, Finding, Side

NAME = "update"


def run(matter: Matter) -> Outcome:
    step = stepped(matter)
    source = source_of(matter.implementation.file)
    faults = []
    if step.effects is not None:
        try:
            with limited(matter):
                faults = [*step.effects.faults(), *intents(step.effects, source)]
        except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
            step = dataclasses.replace(step, effects=None, lacking=why_not(step.part, error))
    findings = [finding(fault, place_of(fault, step.text, step.effects), step.text, matter) for fault in faults]
    for reading in [*readings(step.text, source), *early(matter, step.text)]:
        if find_bug(reading.fault.id).rung != "train-eval" and reading.fault.id not in [found.id for found in findings]:
            findings.append(finding(reading.fault, reading.node, step.text, matter))
    if step.raised is not None and not findings:
        findings = [found for found in [step_finding(step.raised, step.part.name, matter.implementation.file)] if found]
    if not findings and not matter.quick:
        findings = [finding(fault, node, step.text, matter) for fault, node in of_rates(matter, step.text)]
    if step.lacking and not findings:
        return not_run(NAME, step.lacking)
    moved = sum(step.effects.ever_moved) if step.effects is not None else 0
    if not moved:
        return outcome(
            NAME, findings, f"`{step.part.name}` gathers gradients, and moves parameters after some more steps"
        )
    return outcome(NAME, findings, f"`{step.part.name}` moves {moved} parameters against their gradients, three times")


def early(matter: Matter, text: StepText) -> list[Reading]:
    """Schedules that are over too early in the program's own training."""
    with limited(matter):
        part = matter.implementation.part("rhythm")
    found = over_early(text, part.run()) if part.run is not None else None
    return [] if found is None else [found]


def of_rates(matter: Matter, text: StepText) -> list[tuple[Fault, ast.AST | None]]:
    """What the lengths of the first steps show, where the program's own training can be run up to its first one."""
    try:
        with limited(matter):
            part = matter.implementation.part("recorded_step")
            if part.run is None:
                return []
            outputs = (len(matter.yours.input_values[0]), *matter.shown.outputs)
            stepping = Stepping(matter.yours, part.run, outputs)
            seen, whole = pace(stepping), matter.implementation.part("rhythm")
            rhythm = whole.run() if whole.run is not None else part.run.rhythm
            fault, penalty = rate_fault(seen, rhythm), overwhelming(stepping, seen)
            epsilon = epsilon_fault(seen.moved.trace)
    except (Exception, OutOfTime):  # noqa: BLE001: your step may raise anything on values
        return []
    if penalty is not None:
        return [(penalty[0], statement_on(text, penalty[1]) if penalty[1] else None)]
    if epsilon is not None:
        return [(epsilon[0], epsilon_place(text, epsilon[1]))]
    return [] if fault is None else [(fault, rate_place(text, fault.id == "learning-rate-too-high"))]


def finding(fault: Fault, node: ast.AST | None, text: StepText, matter: Matter, rung: str = NAME) -> Finding:
    bug, file = find_bug(fault.id) if fault.id else None, matter.implementation.file
    place: dict = {}
    if node is not None:
        line, end_line = lines_of(node, text)
        lines = source_of(file).splitlines()[line - 1 : end_line]
        place = dict(file=file, line=line, end_line=end_line, source="\n".join(part.rstrip() for part in lines).strip())
    numbers: dict = {}
    if fault.yours is not None and fault.expected is not None:
        gap = float(np.abs(fault.yours - fault.expected).max())
        numbers = dict(yours=side(fault.yours), reference=side(fault.expected), max_abs=gap)
    shown = ", ".join(f"`{path}`" for path in fault.paths[:4]) + (
        f" and {len(fault.paths) - 4} more" if len(fault.paths) > 4 else ""
    )
    said = f"{fault.words} ({shown})" if shown else fault.words
    if bug is None:
        return Finding(rung, "unexplained", said, **place, **numbers)
    candidates = (Candidate(bug.id, 0.0), *(Candidate(other, 0.0) for other in bug.alike[:2]))
    return known_bug(rung, bug.id, said, candidates=candidates, **place, **numbers)


def side(value: np.ndarray) -> Side:
    return Side("float32", tuple(value.shape), float(value.min()), float(value.max()))


UPDATE = Check(
    NAME,
    compares="three steps of your training from one state: parameters, optimizer's state, and gradients taken",
    catches="steps that change nothing, go the wrong way, leave parts out, or forget the optimizer's state",
    looks_like="a loss that stays, grows, or falls more slowly than it should",
    fix="look at the named line: what the step returns, and what it hands to the optimizer",
    run=run,
)
