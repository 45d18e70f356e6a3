"""Faults of a step's mode and randomness that its text alone shows."""

import ast
import re
from collections.abc import Iterator

from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.frozen_names import frozen_flag, frozen_name, root_of
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, all_nodes, bound_in, models, name_of

KEEP = re.compile(r"(.*_)?keep(_.*)?", re.I)


DROP = re.compile(r"(.*_)?(drop\w*|rate|p_drop)(_.*)?", re.I)


def numpy_random(text: StepText) -> Reading | None:
    """NumPy's or Python's random numbers where JAX traces: drawn once."""
    generators = {
        name_of(target)
        for node in ast.walk(text.tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if re.search(r"default_rng\(|RandomState\(|random\.Random\(", ast.unparse(node.value))
    }
    python = any(
        isinstance(node, ast.Import) and any(a.name == "random" for a in node.names) for node in ast.walk(text.tree)
    )
    for function in traced(text):
        local = bound_in(function)
        for node in all_nodes(function):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ast.unparse(node.func)
            root = root_of(node.func)
            of_numpy = re.match(r"(np|numpy|onp)\.random\.", called)
            of_python = python and re.match(r"random\.\w+$", called) and "random" not in local
            if of_numpy or of_python or (root in generators and root not in local):
                words = "random numbers of Python or NumPy are drawn when JAX traces: once, and the same in every step"
                return Reading(Fault("numpy-random-in-jit", words), node)
    return None


def traced(text: StepText) -> Iterator[ast.FunctionDef]:
    """Functions that run under jit with the step, the model's own methods included."""
    jitted = text.jitted_functions()
    yield from jitted
    if jitted:
        for cls in models(text.tree):
            for node in cls.body:
                if isinstance(node, FUNCTIONS) and node.name not in ("__init__", "setup") and node not in jitted:
                    if node.name in ("__call__", "forward") and is_module(cls):
                        yield node


def is_module(cls: ast.ClassDef) -> bool:
    return any("Module" in ast.unparse(base) for base in cls.bases)


def inverted_rate(text: StepText) -> Reading | None:
    """A rate to keep where one to drop is taken, or the other way round, by its name."""
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Call):
            continue
        if name_of(node.func) == "Dropout":
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("rate", "p"))]
            if given and to_keep(given[0]):
                words = f"`{ast.unparse(given[0])}` is a rate to keep, and the layer takes one to drop"
                return Reading(Fault("dropout-rate-inverted", words), node)
        if name_of(node.func) == "bernoulli":
            given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "p")]
            if given and keeps_by(node, text) and not to_keep(given[0]) and DROP.fullmatch(name_of(given[0]) or ""):
                words = f"`{ast.unparse(given[0])}` is a rate to drop, and the mask keeps that share"
                return Reading(Fault("dropout-rate-inverted", words), node)
    return None


def to_keep(value: ast.expr) -> bool:
    """Whether an expression is called after what is kept, or is one less a rate to drop."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub) and isinstance(value.left, ast.Constant):
        return not KEEP.fullmatch(name_of(value.right) or "") and bool(DROP.fullmatch(name_of(value.right) or ""))
    return bool(KEEP.fullmatch(name_of(value) or ""))


def keeps_by(call: ast.Call, text: StepText) -> bool:
    """Whether what a draw says is true for is kept."""
    statement = text.statement(call)
    names = [name_of(target) for target in getattr(statement, "targets", [])]
    around = ast.unparse(statement) if statement is not None else ""
    holder = next((outer for outer in text.around(call) if isinstance(outer, FUNCTIONS)), None)
    body = ast.unparse(holder) if holder is not None else around
    for name in names:
        if re.search(rf"where\({name}, 0|~{name}|1(\.0)? - {name}|logical_not\({name}", body):
            return False
        chosen = choices_by(name, holder) if holder is not None else []
        if chosen and not any(is_zero(other) for _, other in chosen):
            return False  # what is false is the data: `where(mask, unknown, tokens)`
        if re.search(rf"where\({name}, |\* {name}|{name} \*|{name}\.astype", body):
            return not re.search(r"drop(ped)?$|zero", name)
    return bool(re.search(r"\* \w*(\.\w+)*bernoulli\(|where\(\w*(\.\w+)*bernoulli\(", around))


def choices_by(name: str, holder: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """What every `where` gives for true and for false of a mask."""
    calls = (node for node in ast.walk(holder) if isinstance(node, ast.Call) and name_of(node.func) == "where")
    return [(call.args[1], call.args[2]) for call in calls if len(call.args) == 3 and name_of(call.args[0]) == name]


def is_zero(value: ast.expr) -> bool:
    """Whether an expression is plainly nothing: `0.0`, `jnp.zeros_like(x)`."""
    if isinstance(value, ast.Constant):
        return value.value in (0, 0.0)
    return isinstance(value, ast.Call) and name_of(value.func) in ("zeros", "zeros_like")


def handed_in_evaluation(text: StepText) -> Reading | None:
    """A loop that hands its step a view of the model in evaluation mode: `nnx.view(model, deterministic=True)`."""
    views = {}
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and name_of(node.value.func) == "view":
            told = {keyword.arg: keyword.value for keyword in node.value.keywords}
            quiet = told.get("deterministic")
            if isinstance(quiet, ast.Constant) and quiet.value is True:
                views |= {name_of(target): node for target in node.targets}
    for call in text.calls:
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if name_of(argument) in views and text.loops(call):
                words = f"the loop hands its step `{name_of(argument)}`, whose dropout is off"
                return Reading(Fault("dropout-never-active", words), views[name_of(argument)])
    return None


def frozen_mode(text: StepText) -> Reading | None:
    reading = frozen_name(text)
    return reading if reading is not None and reading.fault.id == "mode-frozen-by-jit" else frozen_flag(text)


def not_restored(text: StepText, source: str) -> Reading | None:
    """A loop that evaluates in evaluation mode and goes on training in it."""
    if not re.search(r"\b(Dropout|BatchNorm)\(", source):
        return None
    for call in text.calls:
        for loop in text.loops(call):
            called = {name_of(node.func) for node in ast.walk(loop) if isinstance(node, ast.Call)}
            inside = [loop, *(text.functions[name] for name in called if name in text.functions)]
            calls = [
                node
                for part in inside
                for node in ast.walk(part)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            ]
            off = [node for node in calls if node.func.attr == "eval" and not node.args]
            on = [node for node in calls if node.func.attr == "train" and not node.args]
            sets = [
                node
                for part in inside
                for node in ast.walk(part)
                if isinstance(node, ast.Call) and name_of(node.func) == "set_attributes"
            ]
            views = [node for node in calls if node.func.attr == "view"]
            if off and not on and not sets and not views:
                own = [node for node in off if not rebound(node, text)]
                if own:
                    words = "evaluation mode is on from here, and nothing in the loop turns it off before the next step"
                    return Reading(Fault("mode-not-restored", words), own[0])
    return None


def rebound(node: ast.Call, text: StepText) -> bool:
    """Whether a mode is set on a copy: of a name that the function binds itself."""
    holder = next((outer for outer in text.around(node) if isinstance(outer, FUNCTIONS)), None)
    root = root_of(node.func)
    if holder is None:
        return False
    made = [
        inner
        for inner in ast.walk(holder)
        if isinstance(inner, ast.Assign) and root in [name_of(t) for t in inner.targets]
    ]
    return any(re.search(r"clone|copy|merge", ast.unparse(inner.value)) for inner in made)
