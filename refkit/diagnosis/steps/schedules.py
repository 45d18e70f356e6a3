"""Schedules of the learning rate whose length is said in another unit than steps."""

import ast
import re
from typing import Any

import numpy as np

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, name_of

SCHEDULES = {
    "cosine_decay_schedule": ("decay_steps", 1),
    "exponential_decay": ("transition_steps", 1),
    "linear_schedule": ("transition_steps", 2),
    "warmup_cosine_decay_schedule": ("decay_steps", 3),
    "polynomial_schedule": ("transition_steps", 3),
    "linear_onecycle_schedule": ("transition_steps", 0),
    "cosine_onecycle_schedule": ("transition_steps", 0),
    "piecewise_constant_schedule": ("boundaries_and_scales", 1),
    "warmup_exponential_decay_schedule": ("transition_steps", 3),
    "join_schedules": ("boundaries", 1),
}


OVER = 0.01  # of the highest rate: less moves nothing
HALF = 0.5
FEWEST_EPOCHS = 3
FEWEST_STEPS = 10
GATHERED = re.compile(r"MultiSteps|every_k|accum", re.I)  # where an update takes several steps, their number is another
EPOCHS = re.compile(r"(^|_)(n_?|num_?)?epochs?($|_)", re.I)


PER_EPOCH = re.compile(
    r"(steps?|batches|iters?|iterations|updates)_?(per|in|each|an)_?(an_)?epoch|per_epoch|len\(|//|\bn_?batches|num_batches|steps",
    re.I,
)


def schedule(text: StepText, source: str) -> Reading | None:
    """A schedule whose horizon is said in epochs, though optax counts steps; a rise over no steps from zero."""
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Call) or name_of(node.func) not in SCHEDULES:
            continue
        argument, place = SCHEDULES[name_of(node.func)]
        if called_by_epoch(node, text):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        horizon = named.get(argument, node.args[place] if len(node.args) > place else None)
        warm = named.get(
            "warmup_steps", node.args[2] if "warmup" in name_of(node.func) and len(node.args) > 2 else None
        )
        for value in (horizon, warm):
            if value is not None and in_epochs(value, text):
                words = f"`{ast.unparse(value)}` counts epochs, and the schedule takes steps"
                return Reading(Fault("schedule-in-wrong-unit", words), node)
        if (
            name_of(node.func) == "linear_schedule"
            and is_zero(horizon, text)
            and node.args
            and is_zero(node.args[0], text)
        ):
            return Reading(
                Fault("schedule-in-wrong-unit", "a rise over no steps leaves the rate where it begins, at zero"), node
            )
    return None


def over_early(text: StepText, rhythm: Any) -> Reading | None:
    """A schedule that has run out before the first of several epochs is over.

    Args:
        rhythm: `schedules` by line, `epochs` and steps `per_epoch` of the program's own training.
    """
    epochs, steps = rhythm.epochs or 0, rhythm.per_epoch or 0
    if epochs < FEWEST_EPOCHS or steps < FEWEST_STEPS or GATHERED.search(ast.unparse(text.tree)):
        return None
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Call) or name_of(node.func) not in SCHEDULES or combined(node, text):
            continue
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        made = next((rhythm.schedules[line] for line in lines if line in rhythm.schedules), None)
        if made is None or called_by_epoch(node, text):
            continue
        total = epochs * steps
        places = sorted({*range(min(total, 4 * epochs)), *np.linspace(0, total - 1, 200).astype(int)})
        rates = np.array([float(made(place)) for place in places])
        falls = np.abs(rates) >= OVER * np.abs(rates).max()
        still = np.abs(rates - rates[-1]) > 1e-6 * np.abs(rates).max()
        last = max(places[k] for k in np.flatnonzero(falls)) if falls.any() else 0
        settled = max((places[k] for k in np.flatnonzero(still)), default=0)
        for end, share in ((last, OVER), (settled, float(rates[-1] / rates.max()) if rates.max() > 0 else 1.0)):
            if end < steps and end < total / 10 and share <= HALF:
                words = (
                    f"the rate is at {share:.2g} of its highest after {end + 1} steps, and {epochs} epochs take {total}"
                )
                return Reading(Fault("schedule-in-wrong-unit", words), node)
    return None


def combined(node: ast.Call, text: StepText) -> bool:
    """Whether a schedule is a part of another one, or of a function of the file's own."""
    if any(
        isinstance(outer, ast.Lambda) or name_of(getattr(outer, "func", outer)) in SCHEDULES
        for outer in text.around(node)
    ):
        return True
    statement = text.statement(node)
    names = {name_of(target) for target in getattr(statement, "targets", [])} - {""}
    for other in ast.walk(text.tree):
        if isinstance(other, ast.Call) and name_of(other.func) in names:
            return True  # called by the file itself, who knows with what
        joins = isinstance(other, ast.Call) and name_of(other.func) in SCHEDULES and other is not node
        if joins and names & {inner.id for inner in ast.walk(other) if isinstance(inner, ast.Name)}:
            return True
    return False


def in_epochs(value: ast.expr, text: StepText, depth: int = 0) -> bool:
    """Whether an expression is a number of epochs that nothing multiplies by the steps of one."""
    words = ast.unparse(value)
    if PER_EPOCH.search(words):
        return False
    names = [name_of(node) for node in ast.walk(value) if isinstance(node, (ast.Name, ast.Attribute))]
    names += [
        str(node.value) for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if any(EPOCHS.search(name) for name in names):
        others = [node for node in ast.walk(value) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)]
        factors = [name for name in names if not EPOCHS.search(name)]
        return (
            not others
            or not factors
            and all(small(side) for product in others for side in (product.left, product.right))
        )
    if depth < 3 and isinstance(value, ast.Name):
        for node in ast.walk(text.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and name_of(node.targets[0]) == value.id:
                if not isinstance(node.value, ast.Constant):
                    return in_epochs(node.value, text, depth + 1)
    return False


def small(side: ast.expr) -> bool:
    """A factor of at most one, as in `0.1 * epochs`, or the epochs themselves."""
    if isinstance(side, ast.Constant):
        return isinstance(side.value, (int, float)) and side.value <= 1
    return True


def is_zero(value: ast.expr | None, text: StepText) -> bool:
    if isinstance(value, ast.Name):
        value = next(
            (
                node.value
                for node in ast.walk(text.tree)
                if isinstance(node, ast.Assign) and len(node.targets) == 1 and name_of(node.targets[0]) == value.id
            ),
            None,
        )
    return isinstance(value, ast.Constant) and value.value in (0, 0.0) and value.value is not False


def called_by_epoch(node: ast.Call, text: StepText) -> bool:
    """Whether the file itself asks the schedule for the rate of an epoch."""
    statement = text.statement(node)
    names = [name_of(target) for target in getattr(statement, "targets", [])]
    holder = next((outer.name for outer in text.around(node) if isinstance(outer, FUNCTIONS)), "")
    for call in ast.walk(text.tree):
        if isinstance(call, ast.Call) and name_of(call.func) in {*names, holder} - {""} and call.args:
            if re.fullmatch(r"epoch|e|ep|epoch_?(i|idx|num)?|i_epoch", ast.unparse(call.args[0])):
                return True
    return False
