"""What a training loop does with its scores: on which examples, of which parameters, cleared or not, in which mode."""

import ast
import re
from collections.abc import Iterator

from refkit.adapters.evaluating import HAS_MODES
from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of
from refkit.scoring.closures import closures
from refkit.scoring.fault import Fault
from refkit.scoring.keepers import metrics_kept
from refkit.scoring.scopes import LOOPS, Scope, calls, data_names, loaded_names, own_calls, scopes, targets_of
from refkit.scoring.splits import OTHERWISE, on_train, text_before

PARAMETERS = re.compile(
    r"(.*_)?(params?|parameters|variables|weights|state|theta|initial|init|model|net)(_?0|_init|_initial|_start)?", re.I
)
INITS = re.compile(r"\binit|clone|copy|\bsplit|get_params|create|initial", re.I)
PUTS_BACK = {"update", "merge", "load_state", "replace", "restore"}


def faults(evidence: Evidence) -> list[Fault]:
    """All of them, each once."""
    found: dict[tuple[str, int], Fault] = {}
    for scope in scopes(evidence):
        for find in (on_train, initial, counters_kept, metrics_kept, mode_left, closures):
            for fault in find(scope):
                found.setdefault((fault.id, fault.line), fault)
    return list(found.values())


def initial(scope: Scope) -> Iterator[Fault]:
    """Scores, in or after the loop, of parameters that no training step has touched."""
    for loop in scope.epoch_loops:
        inside = [node for node in ast.walk(loop) if isinstance(node, ast.stmt)]
        steps = [call for node in inside for call in own_calls(node) if name_of(call.func) in scope.trainers]
        given = set().union(*(data_names(part) for call in steps for part in call.args))
        rebound = set().union(
            *(targets_of(node) for node in inside if isinstance(node, ast.Assign) and scope.trains(node.value))
        )
        carried = rebound & given
        mutated = given - rebound if "nnx" in scope.evidence.source else set()
        if not carried | mutated:
            continue
        after = [node for node, _ in scope.flat if node.lineno > loop.lineno]
        changed = set().union(*map(targets_of, [*inside, *after]))
        changed |= {
            name
            for node in after
            for call in own_calls(node)
            if name_of(call.func) in PUTS_BACK
            for part in call.args
            for name in loaded_names(part)
        }
        for node in after:
            for call in scope.scores(node):
                names = data_names(call)
                if names & (carried | mutated) or OTHERWISE.search(text_before(node, call)):
                    continue
                for name in sorted(names - changed - given):
                    if PARAMETERS.fullmatch(name) and (
                        is_initial(name, carried, scope, loop) or is_copy(name, mutated, scope, loop)
                    ):
                        yield Fault(
                            "initial-parameters-at-evaluation", call.lineno, f"`{name}` is from before the training"
                        )
                        break


def is_copy(name: str, mutated: set[str], scope: Scope, loop: ast.stmt) -> bool:
    """Whether a name is bound, before the loop, to a copy of a module that is changed in place."""
    own = [value for value, node in scope.bound.get(name, ()) if node.lineno < loop.lineno]
    return any(
        isinstance(value, ast.Call) and re.search("clone|copy", name_of(value.func)) and loaded_names(value) & mutated
        for value in own
    )


def is_initial(name: str, carried: set[str], scope: Scope, loop: ast.stmt) -> bool:
    """Whether a name holds parameters that what is trained began with, or a copy of it."""
    before = lambda name: [value for value, node in scope.bound.get(name, ()) if node.lineno < loop.lineno]
    own = before(name)
    text = " ".join(map(ast.unparse, own))
    if set().union(*map(loaded_names, own)) & carried and (
        isinstance(own[-1], (ast.Name, ast.Attribute)) or INITS.search(text)
    ):
        return True
    module = re.fullmatch(r"(.*_)?(model|net)", name) is not None
    for value in (value for other in carried for value in before(other)):
        if name in loaded_names(value):
            if re.search(r"\bsplit\(", ast.unparse(value)) if module else INITS.search(text) or not own:
                return True
    return False


def counters_kept(scope: Scope) -> Iterator[Fault]:
    """Counters that an evaluation inside the epoch adds to and that nothing in the epoch clears."""
    for loop in scope.epoch_loops:
        inside = [node for node in ast.walk(loop) if isinstance(node, ast.stmt) and node is not loop]
        cleared = set().union(*(targets_of(node) for node in inside if isinstance(node, ast.Assign)))
        for inner in inside:
            part = list(ast.walk(inner))
            ids = set(map(id, part))
            if (
                not isinstance(inner, LOOPS)
                or scope.trains(inner)
                or not any(scope.scores(n) for n in part if isinstance(n, ast.stmt))
            ):
                continue
            outside = [node for node in inside if id(node) not in ids and not isinstance(node, (*LOOPS, ast.If))]
            read = set().union(*map(loaded_names, outside))
            for node in part:
                name = ""
                if isinstance(node, ast.AugAssign) and not isinstance(node.value, ast.Constant):
                    name = name_of(node.target)
                elif isinstance(node, ast.Call) and name_of(node.func) in ("append", "extend"):
                    name = name_of(node.func.value)
                if name and name not in cleared and name in scope.bound and name in read:
                    yield Fault("metric-not-reset", node.lineno, f"`{name}` keeps what earlier epochs added")
                    break


def mode_left(scope: Scope) -> Iterator[Fault]:
    """Evaluation mode switched on in the epoch loop, and nothing in it that switches training mode on."""
    source = scope.evidence.source
    if not HAS_MODES.search(source) or "nnx" not in source:
        return
    defined = {node.name: node for node in ast.walk(scope.evidence.tree) if isinstance(node, ast.FunctionDef)}
    for loop in scope.epoch_loops:
        parts = [loop]
        for call in calls(loop):
            if name_of(call.func) in defined:
                parts += scope.evidence.reached(defined[name_of(call.func)])
        switches = [
            (call.func.attr, call.lineno)
            for part in dict.fromkeys(parts)
            for call in calls(part)
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("eval", "train") and len(call.args) < 1
        ]
        if any(attr == "eval" for attr, _ in switches) and not any(attr == "train" for attr, _ in switches):
            if not re.search(r"nnx\.view\(|set_attributes|set_mode", source):
                yield Fault(
                    "mode-not-restored",
                    next(line for attr, line in switches if attr == "eval"),
                    "evaluation mode is left on",
                )
