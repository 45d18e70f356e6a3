"""Scores of training examples that are called the test's."""

import ast
import re
from collections.abc import Iterator

from refkit.adapters.expressions import name_of
from refkit.scoring.fault import Fault
from refkit.scoring.scopes import LOOPS, Scope, calls, loaded_names, own_calls

EDGE = r"(^|[_\W\d])(x|y|images?|labels?)?_?"
TEST = re.compile(
    EDGE
    + r"(tests?|te|tst|va|val|valid|validation|dev|eval|evaluation|held|holdout|heldout|unseen)_?(x|y|\d)?($|[_\W\d])",
    re.I,
)
TRAIN = re.compile(EDGE + r"(train|tr|trn|training)_?(x|y|\d)?($|[_\W\d])", re.I)
OTHERWISE = re.compile(r"untrained|initial|before|baseline|random|chance", re.I)
INNER = {"model", "apply", "forward", "net", "predict", "apply_fn"}


def on_train(scope: Scope) -> Iterator[Fault]:
    """Scores of training examples that are called, or stand for, those of the test."""
    if not scope.epoch_loops and not any(scope.trains(node) for node, _ in scope.flat):
        return
    trained = set().union(
        *(
            slices(part)
            for node, _ in scope.flat
            for call in own_calls(node)
            if scope.trains(call)
            for part in call.args
        ),
        *(slices(node.iter) for node, _ in scope.flat if isinstance(node, ast.For) and scope.trains(node)),
    )
    known, idle = trained_names(scope), unread_test_names(scope)
    for node, around in scope.flat:
        for call in scope.scores(node):
            claim = claimed(node, call, scope)
            if TRAIN.search(claim) or OTHERWISE.search(claim):
                continue
            data = data_of(call, scope)
            if not data:
                continue
            place, names = traced(data, around, scope)
            if any(map(TEST.search, names)):
                continue
            data = through_loops(data, around)
            atoms = set().union(*map(slices, data))
            own = {
                name
                for part in data
                for name in loaded_names(part)
                if name in scope.bound and not is_called(name, part)
            }
            shared = atoms <= trained if atoms else bool(own) and own <= known and bool(TEST.search(claim))
            if (any(TRAIN.search(name) for name in names) or shared) and (TEST.search(claim) or idle):
                yield Fault("evaluated-on-train", place, "training examples are scored as the test")


def trained_names(scope: Scope) -> set[str]:
    """Names that the training steps take, and those that these are made from, through loops and comprehensions."""
    waiting = [
        part
        for node, _ in scope.flat
        for call in own_calls(node)
        if name_of(call.func) in scope.trainers
        for part in call.args[1:]
    ]
    through = [
        (loaded_names(c.target), c.iter)
        for node, _ in scope.flat
        for c in ast.walk(node)
        if isinstance(c, ast.comprehension)
    ]
    found: set[str] = set()
    while waiting:
        for name in loaded_names(waiting.pop()) - found:
            found.add(name)
            waiting += [
                value
                for value, node in scope.bound.get(name, ())
                if isinstance(node, ast.For) or isinstance(value, ast.Call)
            ]
            waiting += [iterated for names, iterated in through if name in names]
    return found


def is_called(name: str, node: ast.AST) -> bool:
    return any(isinstance(call.func, ast.Name) and call.func.id == name for call in calls(node))


def claimed(node: ast.stmt, call: ast.Call, scope: Scope) -> str:
    """What a score is called: by the name that it is bound to, the text before it, the function's own name."""
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = set().union(*map(loaded_names, targets))
        keys = [str(inner.value) for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Constant)]
        said = " ".join([*names, *keys])
        if not TEST.search(said) and not TRAIN.search(said):
            said += " " + " ".join(text for name in names for text in reported(scope, name))
    else:
        said = text_before(node, call) or said_after(node, scope)
    if isinstance(node, ast.Return):
        said += " " + scope.name
    keyword = next((k.arg or "" for outer in own_calls(node) for k in outer.keywords if call in ast.walk(k.value)), "")
    return f"{said} {keyword}"


def text_before(node: ast.AST, value: ast.AST) -> str:
    """The constant text that stands nearest before a value in a statement; parts of an f-string have no places of their own."""
    for joined in (inner for inner in ast.walk(node) if isinstance(inner, ast.JoinedStr)):
        before = ""
        for part in joined.values:
            if isinstance(part, ast.Constant):
                before = str(part.value)
            elif any(inner is value for inner in ast.walk(part)):
                return before
    inside = set(map(id, ast.walk(value)))
    parts = [
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and id(inner) not in inside
    ]
    place = lambda part: (part.lineno, part.col_offset)
    order = sorted((part for part in parts if place(part) <= place(value)), key=place)
    return order[-1].value if order else ""


def said_after(node: ast.stmt, scope: Scope) -> str:
    """The text in the statement behind the loop in which a batch is scored."""
    around = next((loops for other, loops in scope.flat if other is node), ())
    if not around or not isinstance(node, ast.Expr) or scope.trains(around[-1]):
        return ""
    following = next((other for other, _ in scope.flat if other.lineno > around[-1].end_lineno), None)
    inner = ast.walk(following) if following is not None and not isinstance(following, LOOPS) else ()
    return " ".join(part.value for part in inner if isinstance(part, ast.Constant) and isinstance(part.value, str))


def reported(scope: Scope, name: str) -> list[str]:
    """Text before the uses of a name in calls such as `print`, also of names that are made from it."""
    names = {name} | {
        other
        for other, values in scope.bound.items()
        for value, _ in values
        if name in loaded_names(value) and not scope.trains(value)
    }
    uses = [(node, inner) for node, _ in scope.flat if isinstance(node, ast.Expr) for inner in ast.walk(node)]
    return [text_before(node, inner) for node, inner in uses if isinstance(inner, ast.Name) and inner.id in names]


def data_of(call: ast.Call, scope: Scope) -> list[ast.AST]:
    """What a score is of: its arguments but the model's; for a score written out, all of it."""
    if name_of(call.func) not in scope.scorer_names:
        return [call]
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    applied = [part for part in given if isinstance(part, ast.Call) and name_of(part.func) in INNER]
    rest = [part for part in (given[1:] if len(given) > 1 else given) if part not in applied]
    return [*(part for inner in applied for part in inner.args), *rest]


def through_loops(data: list[ast.AST], around: tuple) -> list[ast.AST]:
    """The data, with what a loop goes through in the place of what it binds."""
    for loop in reversed(around):
        if isinstance(loop, ast.For) and any(loaded_names(loop.target) & loaded_names(part) for part in data):
            data = [*(part for part in data if not loaded_names(loop.target) & loaded_names(part)), loop.iter]
    return data


def traced(data: list[ast.AST], around: tuple, scope: Scope) -> tuple[int, set[str]]:
    """The line where the data were chosen, and the words on the way to it: through the loop, then through assignments."""
    names = set().union(*map(words, data))
    tells = lambda: any(TEST.search(name) or TRAIN.search(name) for name in names)
    place = next((part.lineno for part in data if any(map(TRAIN.search, words(part)))), data[0].lineno)
    for loop in reversed(around):
        if not tells() and isinstance(loop, ast.For) and loaded_names(loop.target) & names:
            names |= words(loop.iter)
            place = loop.lineno
    if not tells():
        for name in sorted(names):
            for value, statement in scope.bound.get(name, ()):
                if not isinstance(statement, ast.For):
                    names |= words(value)
                    place = statement.lineno if any(map(TRAIN.search, words(value))) else place
    return place, names


def words(node: ast.AST) -> set[str]:
    """Names, attributes and text keys in an expression, without the functions that are called."""
    called = {id(call.func) for call in calls(node)}
    found = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and id(inner) not in called}
    found |= {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute) and id(inner) not in called}
    return found | {
        inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    }


def slices(node: ast.AST) -> set[str]:
    """The parts of arrays in an expression, as text: `x[:cut]`."""
    spread = {id(inner.value) for inner in ast.walk(node) if isinstance(inner, ast.Starred)}
    return {
        ast.unparse(inner)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Slice) and id(inner) not in spread
    }


def unread_test_names(scope: Scope) -> set[str]:
    """Names of test examples that are bound and never read."""
    read = {
        inner.id
        for node in scope.body
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }
    return {name for name in scope.bound if TEST.search(name) and name not in read}
