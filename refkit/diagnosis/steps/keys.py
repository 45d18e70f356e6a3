"""Keys of a step's random numbers: one for two draws, one for the data's order and the step, one for every step."""

import ast
import re

from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, name_of
from refkit.tracing.trace import Site, Trace

SPLITTING = re.compile(r"\b(randint|choice|permutation|shuffle|gamma|beta|poisson|dirichlet|multivariate_normal)\(")
ORDERING = re.compile(r"\b(permutation|shuffle)\(")
DRAWING = re.compile(
    r"(permutation|shuffle|normal|uniform|bernoulli|choice|randint|categorical|truncated_normal|gumbel|exponential)"
)


def draws(trace: Trace) -> list[int]:
    """Random numbers that the step's results follow from."""
    feeds = trace.ancestors(trace.outputs)
    return [node for node, op in enumerate(trace.ops) if op == "random_bits" and feeds[node]]


def reused_key(effects: Effects, text: StepText) -> Reading | None:
    """Two draws of one step from the same key."""
    trace = effects.moments[1].trace
    seen: dict[bytes, int] = {}
    for node in takings(trace, text):
        key = trace.values[trace.parents[node][0]]
        before = seen.setdefault(key.tobytes(), node)
        same_loop = len(trace.times[node]) > 0 and trace.times[node] != trace.times[before]
        if before == node or same_loop or key.size > 2 and key.ndim > 1:
            continue
        if all(ORDERING.search(words_at(text, trace.sites[each])) for each in (before, node)):
            continue  # two arrays, put into one order
        site = parting(trace.sites[before], trace.sites[node])
        place = statement_on(text, site.line) if site is not None else None
        return Reading(Fault("key-reused", "two draws of a step come from one key"), place or text.definition)
    return None


def takings(trace: Trace, text: StepText) -> list[int]:
    """What draws from a key: random numbers, and the splits that some draws begin with."""
    feeds = trace.ancestors(trace.outputs)
    splits = [
        node
        for node, op in enumerate(trace.ops)
        if op == "random_split" and feeds[node] and SPLITTING.search(words_at(text, trace.sites[node]))
    ]
    return sorted([*draws(trace), *splits])


def words_at(text: StepText, site: Site | None) -> str:
    place = statement_on(text, site.line) if site is not None else None
    return ast.unparse(place) if place is not None else ""


def way(site: Site) -> list[Site]:
    """A line and those from which it was called."""
    return [site, *getattr(site, "callers", ())]


def parting(before: Site | None, site: Site | None) -> Site | None:
    """The outermost line on which two draws are still on the same way: the second one's own call."""
    if before is None or site is None:
        return site or before
    lines = {(entry.file, entry.line) for entry in way(before)}
    return next((entry for entry in way(site) if (entry.file, entry.line) not in lines), site)


def statement_on(text: StepText, line: int) -> ast.stmt | None:
    found = [
        node
        for node in ast.walk(text.tree)
        if isinstance(node, ast.stmt)
        and node.lineno <= line <= (node.end_lineno or line)
        and not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With))
    ]
    return found[-1] if found else None


def handed_keys(text: StepText, effects: Effects) -> list[tuple[ast.Call, ast.expr]]:
    """Calls of the step in loops, each with the expression of its key."""
    if text.definition is None:
        return []
    names = [argument.arg for argument in text.definition.args.args if argument.arg != "self"]
    found = []
    for call in text.calls:
        given = dict(zip(names, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        for name, value in given.items():
            if effects.stepping.step.roles.get(name) == "key" and text.loops(call):
                found.append((call, value))
    return found


def shared_key(text: StepText, effects: Effects) -> Reading | None:
    """A loop that draws the data's order, or anything else, from the key that it hands to the step."""
    if not draws(effects.moments[1].trace):
        return None
    for call, value in handed_keys(text, effects):
        if not isinstance(value, ast.Name) or keys_from_count(text, effects):
            continue
        holder = next((outer for outer in text.around(call) if isinstance(outer, FUNCTIONS)), text.tree)
        bound = last_bound(value.id, holder, call.lineno)
        for other in ast.walk(holder):
            if not isinstance(other, ast.Call) or other is call or last_bound(value.id, holder, other.lineno) != bound:
                continue
            if value.id in drawn_from(other, text) and other.lineno != call.lineno:
                words = f"`{value.id}` is what line {other.lineno} draws from, and the step draws from it again"
                return Reading(Fault("key-reused", words), text.statement(call))
    return None


def last_bound(name: str, holder: ast.AST, line: int) -> int:
    """The last line before another on which a name is given a value."""
    places = (n for n in ast.walk(holder) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store))
    return max((node.lineno for node in places if node.lineno <= line), default=0)


def drawn_from(call: ast.Call, text: StepText) -> set[str]:
    """Names of keys that a call draws from: one of `jax.random`, or a function of the file that does nothing before."""
    name = name_of(call.func)
    if (
        DRAWING.fullmatch(name)
        and isinstance(call.func, ast.Attribute)
        and "np" not in ast.unparse(call.func).split(".")
    ):
        first = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "key")]
        return {node.id for node in first if isinstance(node, ast.Name)}
    definition = text.functions.get(name)
    if definition is None or definition is text.definition:
        return set()
    names = [argument.arg for argument in definition.args.args]
    given = dict(zip(names, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
    inner = [node for node in ast.walk(definition) if isinstance(node, ast.Call) and name_of(node.func) != name]
    drawn = set().union(*(drawn_from(node, text) for node in inner if DRAWING.fullmatch(name_of(node.func))), set())
    own = {name for name in drawn if not last_bound(name, definition, definition.end_lineno or 0)}
    return {value.id for name, value in given.items() if name in own and isinstance(value, ast.Name)}


def keys_from_count(text: StepText, effects: Effects) -> bool:
    """Whether a step makes keys of its own from the one that it is given and a count: `fold_in(key, state.step)`."""
    return not same_again(effects)


def same_again(effects: Effects) -> list[int]:
    """Draws of the second step that repeat one of the first where both are handed one key: by place in its trace."""
    first = effects.moments[1].trace
    before = {first.values[first.parents[node][0]].tobytes() for node in draws(first)}
    second = repeated(effects)
    return [node for node in draws(second) if second.values[second.parents[node][0]].tobytes() in before]


def repeated(effects: Effects) -> Trace:
    """The second step, with the first one's key."""
    if "repeated" not in vars(effects):
        vars(effects)["repeated"] = effects.stepping.run(effects.moments[1], 1, key_of(0)).trace
    return vars(effects)["repeated"]


def kept_key(text: StepText, effects: Effects) -> Reading | None:
    """A loop that hands every step the same key."""
    if not draws(effects.moments[1].trace):
        return None
    for call, value in handed_keys(text, effects):
        loop = text.loops(call)[0]
        read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        bound = {node.id for node in ast.walk(loop) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        if isinstance(value, ast.Attribute) and assigned_later(value.attr, text) or counts_itself(value, text):
            continue
        if read & bound or any(makes_keys(node, text) for node in ast.walk(value) if node is not value):
            continue
        same = same_again(effects)
        words = f"the loop hands the same key, `{ast.unparse(value)}`, to every step"
        if len(same) == len(draws(repeated(effects))):
            return Reading(Fault("dropout-key-fixed", words), text.statement(call))
        if same:  # some draws count the steps, and this one does not
            site = repeated(effects).sites[same[0]]
            inside = [entry for entry in way(site) if site is not None and within(entry.line, text.definition)]
            place = statement_on(text, inside[0].line) if inside else None
            words += ", and this draw takes it as it is"
            return Reading(Fault("dropout-key-fixed", words), place or text.statement(call))
    return None


def counts_itself(value: ast.expr, text: StepText) -> bool:
    """Whether what is handed over is an `nnx.Rngs`, which goes on with every draw: `jax.jit` alone would lose its count."""
    loses = text.jitted is not None and "nnx" not in ast.unparse(text.jitted)
    makers = [node.value for node in ast.walk(text.tree) if isinstance(node, ast.Assign) and binds(node, value)]
    return not loses and any(
        isinstance(made, ast.Call) and name_of(made.func) in ("Rngs", "RngStream") for made in makers
    )


def binds(assignment: ast.Assign, value: ast.expr) -> bool:
    return any(ast.unparse(target) == ast.unparse(value) for target in assignment.targets)


def within(line: int, definition: ast.AST) -> bool:
    return definition.lineno <= line <= (definition.end_lineno or line)


def assigned_later(attribute: str, text: StepText) -> bool:
    """Whether an attribute is given a value outside of `__init__`."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Attribute) and node.attr == attribute and isinstance(node.ctx, ast.Store):
            holder = next((outer for outer in text.around(node) if isinstance(outer, FUNCTIONS)), None)
            if holder is None or holder.name != "__init__":
                return True
    return False


def makes_keys(node: ast.AST, text: StepText) -> bool:
    """Whether part of a key's expression may give another one at each call."""
    if isinstance(node, ast.Call) and name_of(node.func) in text.functions:
        return True
    return isinstance(node, ast.Attribute) and name_of(node) not in ("random", "fold_in", "key", "PRNGKey", "jax")
