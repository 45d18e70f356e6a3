"""The line of your file to name for what the steps show."""

import ast
import re
from collections.abc import Iterator

from refkit.diagnosis.starts.initial import nearest_site
from refkit.diagnosis.steps.choosers import PLAIN, chosen_by
from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.text import FUNCTIONS, StepText, name_of, own_nodes

UPDATING = r"\.update\(|apply_gradients\(|opt_update\("
APPLYING = r"apply_updates\(|apply_gradients\(|opt_update\(|\.update\(|\.replace\(|tree\.map\(|tree_map\(|nnx\.update\("
GRADIENT = r"\b(value_and_grad|grad)\("
HELD = (
    r"masked\(|multi_transform\(|set_to_zero\(|stop_gradient\(|partition\(|DiffState\(|PathContains|freeze|frozen|wrt="
)
CHOOSING = r"masked\(|multi_transform\(|partition\(|DiffState\("
PARTED = r"zeros_like\(|\b(\w*params|grads?|gradients|updates|new|g)\[(?!0\]$)|\.at\[|\*\*\w*params"
BY_NORM = r"\bnorm\b|sqrt\(.*sum\(|linalg\.norm"
INIT = r"(?<!__)\binit\(|\bOptimizer\(|TrainState\.create\(|opt_init\(|zeros_like"
ADDING = r"\bsum\(|jnp\.add|\boperator\.add|\+"
CLIPPING = r"\bclip\w*\(|maximum\(|minimum\("


def place_of(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    """The statement, decorator or expression that a fault is put down to."""
    place = PLACES.get(fault.id)
    return text.definition if place is None else (place(fault, text, effects) or text.definition)


def statements(text: StepText) -> Iterator[ast.stmt]:
    """Simple statements of the step and of what it calls, in their order, the step's own first."""
    for function in text.reached:
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and not isinstance(node, COMPOUND)]
        yield from sorted(nodes, key=lambda node: node.lineno)


COMPOUND = (*FUNCTIONS, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try)


def first(text: StepText, pattern: str, kind: tuple | type = ast.stmt) -> ast.stmt | None:
    """The first statement on the step's way that matches."""
    said = lambda node: isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    found = (node for node in statements(text) if isinstance(node, kind) and not said(node))
    return next((node for node in found if re.search(pattern, ast.unparse(node))), None)


def of_not_updated(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    dropped = first(text, APPLYING, ast.Expr)
    if dropped is not None and not updates_argument(dropped, text):
        return dropped
    if text.definition is None:
        return None
    if (call := dropped_call(text)) is not None:
        return call
    unread = unread_assignment(text.definition)
    returned = [node for node in own_nodes(text.definition) if isinstance(node, ast.Return)]
    if unread is not None and re.search(GRADIENT, ast.unparse(unread)):
        return unread
    return returned[-1] if returned and returned[-1].value is not None else unread or first(text, GRADIENT)


def dropped_call(text: StepText) -> ast.Expr | None:
    """A call, alone on its line, of a function of the file that returns the next state."""
    for node in own_nodes(text.definition):
        call = node.value if isinstance(node, ast.Expr) else None
        made = (
            text.functions.get(name_of(call.func))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            else None
        )
        if (
            made is not None
            and re.search(APPLYING, ast.unparse(made))
            and any(isinstance(part, ast.Return) and part.value is not None for part in own_nodes(made))
        ):
            return node
    return None


def updates_argument(statement: ast.Expr, text: StepText) -> bool:
    """Whether a call changes the step's own model, as `optimizer.update(model, grads)` does, or is no update of one."""
    call = statement.value
    if not isinstance(call, ast.Call) or name_of(call.func) != "update" or not call.args:
        return False
    return isinstance(call.args[0], ast.Name) or root_is(call, "metrics")


def root_is(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and name in ast.unparse(call.func.value)


def unread_assignment(function: ast.FunctionDef) -> ast.stmt | None:
    """The first assignment of a name that the function never reads again."""
    read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for node in sorted((n for n in own_nodes(function) if isinstance(n, ast.Assign)), key=lambda n: n.lineno):
        names = {inner.id for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
        if any(name not in read and not name.startswith("_") for name in names):
            return node
    return None


def of_lost(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    return text.jitted


def of_frozen(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    own = [node for node in statements(text) if text.definition and any(node is n for n in ast.walk(text.definition))]
    inside = next((node for node in own if holds(node)), None)
    for statement in (inside, text.optimizer_call(CHOOSING), text.optimizer_call(r"wrt=")):
        if (chooser := chosen_by(statement, fault.paths, effects.paths, text)) is not None:
            return chooser
    held = inside or next((node for node in own if changes_part(node)), None)
    held = held or next((node for node in statements(text) if holds(node)), None)
    return held or narrowed(text.optimizer_call(HELD), HELD) or first(text, GRADIENT) or first(text, APPLYING)


def holds(statement: ast.stmt) -> bool:
    """Whether a statement speaks of parameters that stay."""
    return re.search(HELD, PLAIN.sub("", ast.unparse(statement))) is not None


def changes_part(statement: ast.stmt) -> bool:
    """Whether a statement takes parameters or gradients apart."""
    if not isinstance(statement, ast.Assign) or not re.search(PARTED, ast.unparse(statement)):
        return False
    return re.match(r"(\w*params|\w*grads?|gradients|updates|new)\b", ast.unparse(statement.targets[0])) is not None


def of_ascent(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    negated = first(text, r"lambda \w+: -\w+|jnp\.negative|operator\.neg|-1(\.0)? \*|\* -1|-grads?\b|\{.*: -")
    if negated is not None and re.search(r"update|g", ast.unparse(negated)):
        return negated
    number = next((k for k in range(3) if any(effects.moved(k))), 0)
    moment = effects.moments[number + 1]
    place = len(moment.leaves)  # the first parameter's output
    site = nearest_site(moment.trace, moment.trace.outputs[place])
    by_hand = site is not None and statement_at(text, site.line)
    if by_hand and not re.search(r"apply_updates\(|apply_gradients\(|\.update\(|opt_update\(", ast.unparse(by_hand)):
        return by_hand
    return text.optimizer_line() or by_hand or None


def statement_at(text: StepText, line: int) -> ast.stmt | None:
    found = [
        node
        for node in ast.walk(text.tree)
        if isinstance(node, ast.stmt)
        and not isinstance(node, COMPOUND)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return found[-1] if found else None


def of_stale(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    """The call that reads what should have been the argument."""
    for function in text.reached:
        arguments = [argument.arg for argument in function.args.args]
        read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        unread = [name for name in arguments[:1] if name not in read and name not in ("self", "_")]
        if unread:
            body = [
                node for node in ast.walk(function) if isinstance(node, ast.stmt) and not isinstance(node, COMPOUND)
            ]
            called = [node for node in body if re.search(r"param|variables|weights|model|net\b", ast.unparse(node))]
            return min(called or body, key=lambda node: node.lineno, default=None)
    taken = first(text, GRADIENT)
    if isinstance(taken, ast.Assign) and isinstance(
        taken.targets[0], ast.Name
    ):  # `grad_fn = jax.grad(f)`, called later
        return first(text, rf"\b{taken.targets[0].id}\(") or taken
    return taken


def of_reset(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    made = first(text, INIT, (ast.Assign, ast.AnnAssign, ast.Return))
    if made is not None and not re.search(r"\.apply\(|module|model\.init", ast.unparse(made)):
        return made
    for node in statements(text):
        if (
            isinstance(node, ast.Assign)
            and re.search(r"\.update\(", ast.unparse(node.value))
            and isinstance(node.targets[0], ast.Tuple)
        ):
            target = node.targets[0].elts[-1]
            unread = isinstance(target, ast.Name) and target.id not in read_after(node, text)
            if unread:
                return node
    returned = first(text, r"return", ast.Return)
    return returned or first(text, UPDATING)


def read_after(statement: ast.stmt, text: StepText) -> set[str]:
    holder = next((outer for outer in text.around(statement) if isinstance(outer, FUNCTIONS)), None)
    nodes = ast.walk(holder) if holder is not None else ()
    return {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.lineno > statement.lineno
    }


def of_sum(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    own = [node for node in statements(text) if text.definition and any(node is n for n in ast.walk(text.definition))]
    names = {f.name for f in text.reached if f is not text.definition and re.search(UPDATING, ast.unparse(f))}
    used = next((node for node in own if re.search(UPDATING, ast.unparse(node)) or names & called_names(node)), None)
    return (
        used or first(text, UPDATING) or first(text, r"-\s*\w*(lr|rate|alpha|LR|step)\w*\s*\*") or first(text, ADDING)
    )


def called_names(node: ast.AST) -> set[str]:
    return {name_of(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def of_clipping(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    library = r"optax\.(clip(?!_by_global)\w*|adaptive_grad_clip)\("
    return (
        narrowed(text.optimizer_call(library), library)
        or first(text, BY_NORM)
        or narrowed(text.optimizer_call(CLIPPING), CLIPPING)
    )


def of_decay(fault: Fault, text: StepText, effects: Effects) -> ast.AST | None:
    pattern = r"add_decayed_weights\("
    return narrowed(text.optimizer_call(pattern), pattern) or text.optimizer_call(r"weight_decay|\bwd\b|l2|L2|decay")


def narrowed(statement: ast.AST | None, pattern: str) -> ast.AST | None:
    """The innermost call of a statement of several lines that matches."""
    if statement is None or statement.lineno == statement.end_lineno:
        return statement
    calls = [
        node for node in ast.walk(statement) if isinstance(node, ast.Call) and re.search(pattern, ast.unparse(node))
    ]
    return min(calls, key=lambda node: len(ast.unparse(node)), default=statement)


PLACES = {
    "parameters-not-updated": of_not_updated,
    "state-update-lost": of_lost,
    "part-frozen": of_frozen,
    "gradient-ascent": of_ascent,
    "stale-closure": of_stale,
    "optimizer-state-reset": of_reset,
    "accumulation-not-averaged": of_sum,
    "clipped-per-parameter": of_clipping,
    "l2-for-decoupled-decay": of_decay,
}


PRECISE = (ast.Call, ast.Lambda, ast.Constant, ast.Compare, ast.BoolOp)  # that have a line of their own in a statement


def lines_of(node: ast.AST, text: StepText) -> tuple[int, int]:
    """First and last line of the statement around a node; a function's is that of its name."""
    if isinstance(node, FUNCTIONS):
        return node.lineno, node.lineno
    statement = text.statement(node) if isinstance(node, ast.expr) else node
    if isinstance(node, PRECISE) and statement is not None and statement.lineno != statement.end_lineno:
        return node.lineno, node.end_lineno or node.lineno
    if isinstance(statement, (*COMPOUND,)):
        return node.lineno, node.end_lineno or node.lineno
    return statement.lineno, statement.end_lineno or statement.lineno
