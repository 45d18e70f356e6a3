"""Your train step as the rungs on training see it: run for a few steps, or only read."""

import ast
import dataclasses

from refkit.checks.matter import Matter
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.stepping import Stepping
from refkit.diagnosis.steps.text import StepText
from refkit.implementation import Part
from refkit.loading.time_limit import OutOfTime, time_limit

LIMIT_S = 120.0
ROLES = ("train_step", "recorded_step")  # made from parts, and as the program's own training first calls it


@dataclasses.dataclass
class Stepped:
    """A step, what the file says around it, and what it does.

    Args:
        part: the step.
        text: the file around it.
        effects: what a few steps do; None where it cannot be run.
        lacking: why nothing can be said of that, as one clause: it cannot be run, or moves nothing.
        raised: what it raises on the very arguments that the program hands it.
    """

    part: Part
    text: StepText
    effects: Effects | None = None
    lacking: str = ""
    raised: Exception | None = None


def stepped(matter: Matter) -> Stepped:
    """The first way of running your step that works, found once for every rung that asks."""
    if "stepped" not in vars(matter):
        vars(matter)["stepped"] = find(matter)
    return vars(matter)["stepped"]


def find(matter: Matter) -> Stepped:
    first: Stepped | None = None
    for role in ROLES:
        with limited(matter):
            part = matter.implementation.part(role)
        seen = tried(matter, part)
        if not seen.lacking:
            return seen
        first = first if first is not None and (first.effects or not seen.effects) else seen
    return dataclasses.replace(first, raised=part.raised)


def tried(matter: Matter, part: Part) -> Stepped:
    text = text_of(matter, part)
    if part.run is None:
        return Stepped(part, text, lacking=part.lacking)
    outputs = (len(matter.yours.input_values[0]), *matter.shown.outputs)
    effects = Effects(Stepping(matter.yours, part.run, outputs))
    try:
        with limited(matter):
            stays = not any(effects.ever_moved) and not effects.faults() and not effects.later_moved
    except (Exception, OutOfTime) as error:  # noqa: BLE001: your step may raise anything on values
        return Stepped(part, text, lacking=why_not(part, error))
    if stays:
        return Stepped(part, text, effects, f"`{part.name}` moves no parameter on made-up examples")
    return Stepped(part, text, effects)


def limited(matter: Matter, seconds: float = LIMIT_S):
    """A limit on how long your step may run, for one that never ends."""
    file = matter.implementation.file

    def is_yours(frame) -> bool:
        while frame is not None and frame.f_code.co_filename != file:
            frame = frame.f_back
        return frame is not None

    return time_limit(seconds, is_yours)


def why_not(part: Part, error: BaseException) -> str:
    if isinstance(error, OutOfTime):
        return f"`{part.name}` was not through after {LIMIT_S:g} s"
    return f"`{part.name}` could not be run: {type(error).__name__}: {' '.join(str(error).split())[:160]}"


def text_of(matter: Matter, part: Part) -> StepText:
    """What the file says around its train step."""
    tree = parsed(source_of(matter.implementation.file))
    if part.run is None:
        return StepText(tree, definition_on(tree, part.line), part.name or "no step")
    carried = tuple(name for name, role in part.run.roles.items() if role in ("params", "state"))
    line = part.run.definition.lineno if part.run.definition is not None else 0
    if getattr(part.run, "loop", 0):
        return StepText(tree, body_as_definition(tree, part.run.loop, part.run.name), part.run.name)
    return StepText(tree, definition_on(tree, line), part.run.name, carried)


def body_as_definition(tree: ast.Module, line: int, name: str) -> ast.FunctionDef | None:
    """The body of the loop on a line, as if it were a function."""
    loop = next(
        (node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While)) and node.lineno == line), None
    )
    if loop is None:
        return None
    arguments = ast.arguments([], [], None, [], [], None, [])
    return ast.copy_location(ast.FunctionDef(name, arguments, loop.body, []), loop)


def definition_on(tree: ast.Module, line: int) -> ast.FunctionDef | None:
    """The function whose name stands on a line."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return next((node for node in ast.walk(tree) if isinstance(node, kinds) and node.lineno == line), None)
