"""What your training does that evaluation does not: dropout's masks from step to step, and running statistics."""

import ast
import re
from collections.abc import Iterator

import numpy as np

from refkit.diagnosis.step_effects import Effects, Fault, key_of
from refkit.diagnosis.step_readings import Reading, frozen_name, root_of
from refkit.diagnosis.step_text import FUNCTIONS, StepText, all_nodes, bound_in, name_of
from refkit.tracing.trace import Site, Trace

HAS_DROPOUT = re.compile(r"\bDropout\(|\bdropout\w*\(|\.dropout\(")
DECAY = 0.3  # of a running statistic for each step: less is what PyTorch calls its momentum
KEEP = re.compile(r"(.*_)?keep(_.*)?", re.I)
DROP = re.compile(r"(.*_)?(drop\w*|rate|p_drop)(_.*)?", re.I)
ORDERED = {"optimizer", "opt", "metrics"}


def mode_faults(effects: Effects, text: StepText, source: str, draws_in_training: bool) -> list[Reading]:
    """Everything that is wrong about how the step trains, with its places.

    Args:
        draws_in_training: whether the model draws random numbers in training mode.
    """
    found = [frozen_mode(text), numpy_random(text), inactive(effects, text, source, draws_in_training)]
    found += [statistics(effects, text), same_masks(effects, text), reused_key(effects, text), kept_key(text, effects), inverted_rate(text)]
    found += [not_restored(text, source)]
    return [reading for reading in found if reading is not None]


def draws(trace: Trace) -> list[int]:
    """Random numbers that the step's results follow from."""
    feeds = trace.ancestors(trace.outputs)
    return [node for node, op in enumerate(trace.ops) if op == "random_bits" and feeds[node]]


def inactive(effects: Effects, text: StepText, source: str, draws_in_training: bool) -> Reading | None:
    """Dropout that the model has and that no step uses."""
    used = HAS_DROPOUT.search(source) is not None and rates_in(text)
    if not used and not draws_in_training:
        return None
    if draws(effects.moments[1].trace) or numpy_random(text) is not None:
        return None
    place = first_matching(text, r"deterministic=True|(train|training|is_training)=False|\.eval\(\)|inference=True")
    place = place or first_matching(text, r"\b(apply|apply_fn|model|net|forward|predict)\(")
    return Reading(Fault("dropout-never-active", "no step draws a random number, though the model has dropout"), place or text.definition)


def rates_in(text: StepText) -> bool:
    """Whether a layer of dropout has a rate that is not plainly zero."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Call) and name_of(node.func) == "Dropout":
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("rate", "p"))]
            if given and not (isinstance(given[0], ast.Constant) and given[0].value in (0, 0.0)) and not config_zero(given[0], text):
                return True
    return False


def config_zero(value: ast.expr, text: StepText) -> bool:
    """Whether a rate is a field or name whose only value in the file is zero."""
    name = name_of(value)
    values = []
    for node in ast.walk(text.tree):
        if isinstance(node, ast.AnnAssign) and name_of(node.target) == name and node.value is not None:
            values.append(node.value)
        if isinstance(node, ast.Assign) and any(name_of(target) == name for target in node.targets):
            values.append(node.value)
        if isinstance(node, ast.keyword) and node.arg == name:
            values.append(node.value)
        if isinstance(node, ast.arguments):
            names = [a.arg for a in node.args]
            values += [v for a, v in zip(names[len(names) - len(node.defaults) :], node.defaults) if a == name]
    return bool(values) and all(isinstance(v, ast.Constant) and v.value in (0, 0.0) for v in values)


def first_matching(text: StepText, pattern: str) -> ast.stmt | None:
    for function in [*text.reached, *models(text)]:
        for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
            simple = not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With))
            if simple and re.search(pattern, ast.unparse(node)):
                return node
    return None


def models(text: StepText) -> list[ast.ClassDef]:
    return [node for node in text.tree.body if isinstance(node, ast.ClassDef)]


def same_masks(effects: Effects, text: StepText) -> Reading | None:
    """Masks that are the same in every step."""
    first, second = effects.moments[1].trace, effects.moments[2].trace
    one, other = [first.values[k] for k in draws(first)], [second.values[k] for k in draws(second)]
    if not one or len(one) != len(other) or not all(np.array_equal(a, b) for a, b in zip(one, other)):
        return None
    words = "every step draws the same random numbers: one mask for ever"
    return Reading(Fault("dropout-key-fixed", words), key_place(text, first) or text.definition)


def key_place(text: StepText, trace: Trace) -> ast.AST | None:
    """Where the key is made that is always the same, else where it is used."""
    for pattern in (r"\b(PRNGKey|key|Rngs)\(\s*(\w+=)?\d+\s*\)", r"reseed\("):
        if place := first_matching(text, pattern):
            return place
    own = [node for node in ast.walk(text.definition) if isinstance(node, ast.Assign)] if text.definition is not None else []
    for node in sorted(own, key=lambda node: node.lineno):
        names = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        made = re.search(r"key|rng|split|fold_in", ast.unparse(node.value), re.I)
        if made and any(re.search(r"key|rng", name.id, re.I) for name in names):
            return node
    return first_matching(text, r"rngs=\{") or first_matching(text, r"\bbernoulli\(|dropout")


def reused_key(effects: Effects, text: StepText) -> Reading | None:
    """Two draws of one step from the same key."""
    trace = effects.moments[1].trace
    seen: dict[bytes, int] = {}
    for node in draws(trace):
        key = trace.values[trace.parents[node][0]]
        before = seen.setdefault(key.tobytes(), node)
        same_loop = len(trace.times[node]) > 0 and trace.times[node] != trace.times[before]
        if before == node or same_loop or key.size > 2 and key.ndim > 1:
            continue
        site = parting(trace.sites[before], trace.sites[node])
        place = statement_on(text, site.line) if site is not None else None
        return Reading(Fault("key-reused", "two draws of a step come from one key"), place or text.definition)
    return None


def parting(before: Site | None, site: Site | None) -> Site | None:
    """The outermost line on which two draws are still on the same way: the second one's own call."""
    if before is None or site is None:
        return site or before
    ways = [[entry, *getattr(entry, "callers", ())] for entry in (before, site)]
    lines = {(entry.file, entry.line) for entry in ways[0]}
    return next((entry for entry in ways[1] if (entry.file, entry.line) not in lines), site)


def statement_on(text: StepText, line: int) -> ast.stmt | None:
    found = [node for node in ast.walk(text.tree) if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
             and not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With))]
    return found[-1] if found else None


def kept_key(text: StepText, effects: Effects) -> Reading | None:
    """A loop that hands every step the same key."""
    if text.definition is None or not draws(effects.moments[1].trace):
        return None
    names = [argument.arg for argument in text.definition.args.args if argument.arg != "self"]
    for call in text.calls:
        given = dict(zip(names, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
        for name, value in given.items():
            if effects.stepping.step.roles.get(name) != "key" or not text.loops(call):
                continue
            read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
            bound = {node.id for node in ast.walk(text.loops(call)[0]) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            if not read & bound and not any(isinstance(node, ast.Call) and name_of(node.func) in text.functions or
                                            isinstance(node, ast.Attribute) for node in ast.walk(value) if node is not value and
                                            not name_of(node) in ("random", "fold_in", "key", "PRNGKey", "jax")):
                words = f"the loop hands the same key, `{ast.unparse(value)}`, to every step"
                return Reading(Fault("dropout-key-fixed", words), text.statement(call))
    return None


def numpy_random(text: StepText) -> Reading | None:
    """NumPy's or Python's random numbers where JAX traces: drawn once."""
    generators = {name_of(target) for node in ast.walk(text.tree) if isinstance(node, ast.Assign) for target in node.targets
                  if re.search(r"default_rng\(|RandomState\(|random\.Random\(", ast.unparse(node.value))}
    python = any(isinstance(node, ast.Import) and any(a.name == "random" for a in node.names) for node in ast.walk(text.tree))
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
        for cls in models(text):
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
        if re.search(rf"where\({name}, |\* {name}|{name} \*|{name}\.astype", body):
            return not re.search(r"drop(ped)?$|zero", name)
    return bool(re.search(r"\* \w*(\.\w+)*bernoulli\(|where\(\w*(\.\w+)*bernoulli\(", around))


def frozen_mode(text: StepText) -> Reading | None:
    reading = frozen_name(text)
    return reading if reading is not None and reading.fault.id == "mode-frozen-by-jit" else None


def not_restored(text: StepText, source: str) -> Reading | None:
    """A loop that evaluates in evaluation mode and goes on training in it."""
    if not re.search(r"\b(Dropout|BatchNorm)\(", source):
        return None
    for call in text.calls:
        for loop in text.loops(call):
            called = {name_of(node.func) for node in ast.walk(loop) if isinstance(node, ast.Call)}
            inside = [loop, *(text.functions[name] for name in called if name in text.functions)]
            calls = [node for part in inside for node in ast.walk(part) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
            off = [node for node in calls if node.func.attr == "eval" and not node.args]
            on = [node for node in calls if node.func.attr == "train" and not node.args]
            sets = [node for part in inside for node in ast.walk(part) if isinstance(node, ast.Call) and name_of(node.func) == "set_attributes"]
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
    made = [inner for inner in ast.walk(holder) if isinstance(inner, ast.Assign) and root in [name_of(t) for t in inner.targets]]
    return any(re.search(r"clone|copy|merge", ast.unparse(inner.value)) for inner in made)


def statistics(effects: Effects, text: StepText) -> Reading | None:
    """Running statistics that stay as they are, or that keep next to nothing of what was before."""
    before, after = effects.moments[0].statistics, effects.moments[1].statistics
    if not before or not any(effects.ever_moved):
        return None
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    if all(same):
        if not uses_batch(effects):
            return None
        place = first_matching(text, r"mutable=|has_aux=True|clone\(|batch_stats") or first_matching(text, r"value_and_grad\(|grad\(")
        words = "running statistics are after a step as they were before it"
        return Reading(Fault("batch-statistics-discarded", words), place or text.definition)
    decay = kept_share(effects)
    if decay is not None and decay < DECAY:
        place = matching_anywhere(text, r"momentum\s*=|decay\s*=|BatchNorm\(|running|batch_stats")
        words = f"a running statistic keeps {decay:.3g} of itself from step to step"
        return Reading(Fault("batchnorm-momentum-inverted", words), place or text.definition)
    return None


def matching_anywhere(text: StepText, pattern: str) -> ast.stmt | None:
    for part in pattern.split("|"):
        for node in ast.walk(text.tree):
            simple = isinstance(node, ast.stmt) and not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With))
            if simple and "optax" not in ast.unparse(node) and re.search(part, ast.unparse(node)):
                return node
    return None


def uses_batch(effects: Effects) -> bool:
    """Whether the loss of a step is the same whatever the running statistics are: it uses those of the batch."""
    other = with_statistics(effects)
    if other is None:
        return False
    one, two = effects.moments[1], effects.stepping.run(other, 0, key_of(0))
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(one.parameters, two.parameters, strict=True))


def kept_share(effects: Effects) -> float | None:
    """How much of a running statistic is left after a step."""
    other = with_statistics(effects)
    if other is None:
        return None
    after = effects.stepping.run(other, 0, key_of(0)).statistics
    shares = []
    for before, moved, one, two in zip(effects.moments[0].statistics, other.statistics, effects.moments[1].statistics, after, strict=True):
        change = moved - before
        if change.any() and before.dtype.kind == "f":
            shares.append(float(((two - one) * change).sum() / (change * change).sum()))
    return max(shares) if shares else None


def with_statistics(effects: Effects):
    """The first state with other running statistics; None where they are not found in it."""
    import dataclasses

    first = effects.moments[0]
    leaves = list(first.leaves)
    changed = []
    for value in first.statistics:
        place = next((k for k, leaf in enumerate(leaves) if leaf.shape == value.shape and leaf.dtype.kind == "f" and np.array_equal(leaf, value)), None)
        if place is None or value.dtype.kind != "f":
            return None
        leaves[place] = value * 1.5 + 0.1
        changed.append(leaves[place])
    return dataclasses.replace(first, leaves=leaves, statistics=changed)
