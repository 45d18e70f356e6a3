"""Objects that add a metric up: whether they are cleared between one evaluation and the next."""

import ast
from collections.abc import Iterator

from refkit.adapters.expressions import name_of
from refkit.scoring.fault import Fault
from refkit.scoring.scopes import LOOPS, Scope, calls, own_calls, scopes

METRIC_MAKERS = {"MultiMetric", "Accuracy", "Average", "Welford"}
RESETS = {"reset", "reset_state", "reset_states", "clear", "zero"}
READS = {"compute", "result", "value", "average", "get", "summary"}
UPDATES = {"update", "update_state", "add", "append", "record", "accumulate", "log", "__call__"}
DEPTH = 3


def metrics_kept(scope: Scope) -> Iterator[Fault]:
    """Metrics objects that are read in the epoch loop without being cleared in between."""
    own = own_makers(scope.evidence.tree)
    handed = handed_in(scope, own)
    for loop in scope.epoch_loops:
        places = [
            (name, node.lineno) for name, values in scope.bound.items() for value, node in values if makes(value, own)
        ]
        made = {name for name, line in places if line < loop.lineno}
        anew = {name for name, line in places if line >= loop.lineno}
        made |= {name for name, value in scope.evidence.namespace.assigned.items() if makes(value, own)}
        boxes = set(containers(scope, made, own, loop.lineno))
        for name in sorted((made | handed | boxes) - anew):
            events = list(events_of(name, loop, scope, own))
            kinds = [kind for kind, _ in events]
            if "read" not in kinds or name not in made and "score" not in kinds:
                continue
            if "reset" not in kinds:
                passed = any(kind == "passed" for kind in kinds)
                if not passed or not any(name_of(call.func) in RESETS for call in calls(scope.evidence.tree)):
                    line = events[kinds.index("read")][1]
                    yield Fault("metric-not-reset", line, f"`{name}` keeps what earlier epochs added")
                continue
            state = ""
            for kind, line in events:
                if kind == "score" and state == "train":
                    later = next((at for k, at in events if k == "read" and at >= line), line)
                    yield Fault("metric-not-reset", later, f"`{name}` still holds what training added")
                    break
                state = kind if kind not in ("read", "passed") else state


def makes(value: ast.AST, own: set[str]) -> bool:
    """Whether an expression makes a metrics object."""
    return isinstance(value, ast.Call) and name_of(value.func) in METRIC_MAKERS | own


def handed_in(scope: Scope, own: set[str]) -> set[str]:
    """Parameters of the scope's function for which another one of the file hands it a metrics object."""
    function = next((node for node in scope.evidence.tree.body if getattr(node, "name", "") == scope.name), None)
    if not isinstance(function, ast.FunctionDef):
        return set()
    found = set()
    for other in scopes(scope.evidence):
        made = {name for name, values in other.bound.items() for value, _ in values if makes(value, own)}
        made |= set(containers(other, made, own))
        for call in (call for node in other.body for call in calls(node) if name_of(call.func) == scope.name):
            found |= {parameter_for(call, function, name) for name in made if is_given(call, name)}
    return found - {""}


def is_given(call: ast.Call, name: str) -> bool:
    return any(root_of(part) == name for part in (*call.args, *(keyword.value for keyword in call.keywords)))


def containers(scope: Scope, made: set[str], own: set[str], before: int | None = None) -> Iterator[str]:
    """Names of dicts and lists of metrics objects, where nothing in the file clears any of them.

    Args:
        before: the line of the loop before which they are put together; None for anywhere.
    """
    if clears(scope.evidence.tree):
        return
    for name, values in scope.bound.items():
        for value, node in values:
            parts = value.values if isinstance(value, ast.Dict) else getattr(value, "elts", ())
            if (before is None or node.lineno < before) and any(makes(p, own) or name_of(p) in made for p in parts):
                yield name


def clears(tree: ast.Module) -> bool:
    """Whether anything outside of the classes clears something, in whichever way it comes by it."""
    outside = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    return any(name_of(call.func) in RESETS for node in outside for call in calls(node))


def root_of(node: ast.AST) -> str:
    """`metrics` for `metrics` and for `metrics["accuracy"]`; empty for anything else."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def held_by(node: ast.AST) -> str:
    """The same, and `metrics` for `self.metrics`, too."""
    return root_of(node) or name_of(node)


def own_makers(tree: ast.Module) -> set[str]:
    """Classes of the file that add something up, can be cleared, and say what it came to; functions that make one."""
    found: set[str] = set()
    for node in tree.body:
        methods = {method.name for method in getattr(node, "body", ()) if isinstance(method, ast.FunctionDef)}
        if isinstance(node, ast.ClassDef) and methods & RESETS and methods & UPDATES and methods & READS:
            found.add(node.name)
    for node in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        returned = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        if returned and all(value is not None and makes(value, found) for value in returned):
            found.add(node.name)
    return found


def events_of(name: str, loop: ast.stmt, scope: Scope, own: set[str], depth: int = 0) -> Iterator[tuple[str, int]]:
    """What happens to a metrics object in a loop or function, in order: `train`, `score`, `read`, `reset`.

    Functions of the file that it is handed to are gone into; `passed` is another one that it is handed to.
    """
    nodes = sorted((n for n in ast.walk(loop) if isinstance(n, ast.stmt) and n is not loop), key=lambda n: n.lineno)
    trained = {id(n) for other in nodes if isinstance(other, LOOPS) and scope.trains(other) for n in ast.walk(other)}
    functions = {node.name: node for node in scope.evidence.tree.body if isinstance(node, ast.FunctionDef)}
    for node in nodes:
        training = id(node) in trained
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(
            isinstance(target, (ast.Attribute, ast.Subscript)) and held_by(target.value) == name for target in targets
        ):
            yield "reset", node.lineno
        for call in own_calls(node):
            owner = held_by(call.func.value) if isinstance(call.func, ast.Attribute) else ""
            handed = is_given(call, name)
            if owner == name and call.func.attr in RESETS | READS:
                yield ("reset" if call.func.attr in RESETS else "read"), call.lineno
            elif owner == name and call.func.attr in UPDATES:
                yield ("train" if training else "score"), call.lineno
            elif (
                handed
                and (inner := functions.get(name_of(call.func))) is not None
                and not scope.trains(call)
                and depth < DEPTH
            ):
                parameter = parameter_for(call, inner, name)
                within = list(events_of(parameter, inner, scope, own, depth + 1)) if parameter else []
                yield from within or [("score", call.lineno)]
            elif handed:
                yield ("train" if scope.trains(call) else "score"), call.lineno
                if name_of(call.func) not in functions:
                    yield "passed", call.lineno


def parameter_for(call: ast.Call, function: ast.FunctionDef, name: str) -> str:
    """The parameter that gets a name in a call; empty where it goes through `*`."""
    for keyword in call.keywords:
        if root_of(keyword.value) == name:
            return keyword.arg or ""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    place = next(place for place, part in enumerate(call.args) if root_of(part) == name)
    starred = any(isinstance(part, ast.Starred) for part in call.args[:place])
    return "" if starred or place >= len(names) else names[place]
