"""What your training does that evaluation does not: dropout's masks from step to step, and running statistics."""

import ast
import re

import numpy as np

from refkit.diagnosis.modes.readings import frozen_mode, handed_in_evaluation, inverted_rate, not_restored, numpy_random
from refkit.diagnosis.modes.running_statistics import statistics
from refkit.diagnosis.modes.training_draws import drawing_lines
from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.keys import draws, kept_key, reused_key, shared_key, statement_on
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, first_matching, name_of
from refkit.tracing.trace import Trace

MASKS = re.compile(r"drop|bernoulli|mask|keep", re.I)
HAS_DROPOUT = re.compile(r"\bDropout\(|\bdropout\w*\(|\.dropout\(")


def mode_faults(
    effects: Effects | None, text: StepText, source: str, draws_in_training: bool, model: str = ""
) -> list[Reading]:
    """Everything that is wrong about how the step trains, with its places.

    Args:
        effects: what the steps do; None where they cannot be run, and the text alone is to say it.
        model: name of the model's class, where it is one of several in the file.
        draws_in_training: whether the model draws random numbers in training mode.
    """
    found = [frozen_mode(text), numpy_random(text)]
    if effects is not None and any(
        effects.ever_moved
    ):  # where nothing of a step is kept, nothing is seen of what it draws
        found += [inactive(effects, text, model, draws_in_training), statistics(effects, text)]
        found += [
            reused_key(effects, text),
            shared_key(text, effects),
            same_masks(effects, text),
            kept_key(text, effects),
        ]
    if draws_in_training:
        found.append(handed_in_evaluation(text))
    found += [inverted_rate(text), not_restored(text, source)]
    return [reading for reading in found if reading is not None]


def inactive(effects: Effects, text: StepText, model: str, draws_in_training: bool) -> Reading | None:
    """Dropout that the model has and that no step uses."""
    others = other_models(text.tree, model)
    outside = [node for node in text.tree.body if node not in others]
    used = HAS_DROPOUT.search("\n".join(map(ast.unparse, outside))) is not None and rates_in(text, others)
    if not used and not draws_in_training:
        return None
    if numpy_random(text) is not None or not only_elsewhere(effects, text):
        return None
    place = first_matching(text, r"deterministic=True|(train|training|is_training)=False|\.eval\(\)|inference=True")
    place = place or first_matching(text, r"\b(apply|apply_fn|model|net|forward|predict)\(")
    return Reading(
        Fault("dropout-never-active", "no step draws a random number for it, though the model has dropout"),
        place or text.definition,
    )


def only_elsewhere(effects: Effects, text: StepText) -> bool:
    """Whether what a step draws, if anything, is noise of its own, and nothing that the model draws in training."""
    trace = effects.moments[1].trace
    lines = {site.line if (site := trace.sites[node]) is not None else 0 for node in draws(trace)}
    if not lines:
        return True
    of_model = drawing_lines(effects.stepping.yours)
    if not of_model or 0 in lines | of_model or lines & of_model:
        return False
    functions = [f for f in ast.walk(text.tree) if isinstance(f, FUNCTIONS)]
    around = lambda line: {f.name for f in functions if f.lineno <= line <= (f.end_lineno or f.lineno)}
    said = " ".join(ast.unparse(place) for line in lines if (place := statement_on(text, line)) is not None)
    names = set().union(*map(around, lines))
    return not names & set().union(*map(around, of_model)) and not MASKS.search(" ".join([said, *names]))


def other_models(tree: ast.Module, model: str) -> list[ast.ClassDef]:
    """Classes of modules that the model is not made of; none where the model is no class of the file."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    waiting, own = [model], set()
    while waiting:
        name = waiting.pop()
        if name in classes and name not in own:
            own.add(name)
            waiting += [part.id for part in ast.walk(classes[name]) if isinstance(part, ast.Name)]
    modules = [node for node in classes.values() if any("Module" in ast.unparse(base) for base in node.bases)]
    return [node for node in modules if node.name not in own] if own else []


def rates_in(text: StepText, others: list[ast.ClassDef]) -> bool:
    """Whether a layer of dropout has a rate that is not plainly zero, outside of other models."""
    elsewhere = {id(part) for other in others for part in ast.walk(other)}
    for node in ast.walk(text.tree):
        if id(node) in elsewhere:
            continue
        if isinstance(node, ast.Call) and name_of(node.func) == "Dropout":
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("rate", "p"))]
            if (
                given
                and not (isinstance(given[0], ast.Constant) and given[0].value in (0, 0.0))
                and not config_zero(given[0], text)
            ):
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
    own = (
        [node for node in ast.walk(text.definition) if isinstance(node, ast.Assign)]
        if text.definition is not None
        else []
    )
    for node in sorted(own, key=lambda node: node.lineno):
        names = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        made = re.search(r"key|rng|split|fold_in", ast.unparse(node.value), re.I)
        if made and any(re.search(r"key|rng", name.id, re.I) for name in names):
            return node
    return first_matching(text, r"rngs=\{") or first_matching(text, r"\bbernoulli\(|dropout")
