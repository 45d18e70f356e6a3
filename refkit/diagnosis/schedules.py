"""Schedules of the learning rate whose length is said in another unit than steps."""

import ast
import re

from refkit.diagnosis.step_effects import Fault
from refkit.diagnosis.step_text import FUNCTIONS, Reading, StepText, name_of

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
