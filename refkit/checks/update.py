"""The rung `update`: three steps of your own training, beside the gradients that they take."""

import ast

import numpy as np

from refkit.checks.check import Check, Outcome, not_run, outcome
from refkit.checks.matter import Matter
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.step_effects import Effects, Fault
from refkit.diagnosis.step_intents import intents
from refkit.diagnosis.step_places import lines_of, place_of
from refkit.diagnosis.step_readings import readings
from refkit.diagnosis.step_text import StepText
from refkit.diagnosis.stepping import Stepping
from refkit.edits.catalogue import find_bug
from refkit.implementation import Part
from refkit.loading.time_limit import OutOfTime, time_limit
from refkit.report.finding import Candidate, Finding, Side

NAME = "update"
LIMIT_S = 120.0


def run(matter: Matter) -> Outcome:
    part = matter.implementation.part("train_step")
    if part.run is None:
        return not_run(NAME, part.lacking)
    source = source_of(matter.implementation.file)
    text = text_of(matter, part)
    effects = effects_of(matter, part)
    try:
        with limited(matter):
            faults = [*effects.faults(), *intents(effects, source)]
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
        return not_run(NAME, why_not(part, error))
    findings = [finding(fault, place_of(fault, text, effects), text, matter) for fault in faults]
    for reading in readings(text, source):
        if find_bug(reading.fault.id).rung != "train-eval" and reading.fault.id not in [found.id for found in findings]:
            findings.append(finding(reading.fault, reading.node, text, matter))
    moved = sum(effects.ever_moved)
    return outcome(NAME, findings, f"`{part.name}` moves {moved} parameters against their gradients, three times")


def limited(matter: Matter):
    """A limit on how long your step may run, for one that never ends."""
    file = matter.implementation.file

    def is_yours(frame) -> bool:
        while frame is not None and frame.f_code.co_filename != file:
            frame = frame.f_back
        return frame is not None

    return time_limit(LIMIT_S, is_yours)


def why_not(part: Part, error: BaseException) -> str:
    if isinstance(error, OutOfTime):
        return f"`{part.name}` was not through after {LIMIT_S:g} s"
    return f"`{part.name}` could not be run: {type(error).__name__}: {' '.join(str(error).split())[:160]}"


def effects_of(matter: Matter, part: Part) -> Effects:
    """What the steps do, computed once for every rung that asks."""
    if "effects" not in vars(matter):
        outputs = (len(matter.yours.input_values[0]), *matter.shown.outputs)
        vars(matter)["effects"] = Effects(Stepping(matter.yours, part.run, outputs))
    return vars(matter)["effects"]


def text_of(matter: Matter, part: Part) -> StepText:
    """What the file says around its train step."""
    tree = parsed(source_of(matter.implementation.file))
    carried = tuple(name for name, role in part.run.roles.items() if role in ("params", "state"))
    return StepText(tree, definition_in(tree, part.run.definition), part.run.name, carried)


def definition_in(tree: ast.Module, definition: ast.AST | None) -> ast.FunctionDef | None:
    """The same function in another tree of the same text."""
    if definition is None:
        return None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return next((n for n in ast.walk(tree) if isinstance(n, kinds) and n.lineno == definition.lineno), None)


def finding(fault: Fault, node: ast.AST | None, text: StepText, matter: Matter, rung: str = NAME) -> Finding:
    bug, file = find_bug(fault.id), matter.implementation.file
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
    candidates = (Candidate(bug.id, 0.0), *(Candidate(other, 0.0) for other in bug.alike[:2]))
    return Finding(
        rung,
        "bug",
        f"looks like `{bug.id}`: {said}",
        id=bug.id,
        candidates=candidates,
        help=bug.mend,
        **place,
        **numbers,
    )


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
