"""Running statistics from step to step: whether they are kept, and how fast they forget."""

import ast
import dataclasses
import re

import numpy as np

from refkit.diagnosis.steps.effects import Effects
from refkit.diagnosis.steps.fault import Fault
from refkit.diagnosis.steps.numbers import key_of
from refkit.diagnosis.steps.text import FUNCTIONS, Reading, StepText, first_matching, name_of

MOMENTUM = re.compile(r"(.*_)?(momentum|decay(_rate)?|rho|ema|forget|keep)(_.*)?", re.I)
NORMALISES = re.compile(r"batch_?norm|\bbn\b|norm", re.I)
SAME_SHARE = 1e-3
DECAY = 0.3  # of a running statistic for each step: less is what PyTorch calls its momentum


def statistics(effects: Effects, text: StepText) -> Reading | None:
    """Running statistics that stay as they are, or that keep next to nothing of what was before."""
    before, after = effects.moments[0].statistics, effects.moments[1].statistics
    if not before or not any(effects.ever_moved):
        return None
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    if all(same):
        if not uses_batch(effects):
            return None
        place = first_matching(text, r"mutable=|has_aux=True|clone\(|batch_stats") or first_matching(
            text, r"value_and_grad\(|grad\("
        )
        words = "running statistics are after a step as they were before it"
        return Reading(Fault("batch-statistics-discarded", words), place or text.definition)
    decay = kept_share(effects)
    if decay is not None and decay < DECAY:
        place = made_with(decay, text) or matching_anywhere(
            text, r"momentum\s*=|decay\s*=|BatchNorm\(|running|batch_stats"
        )
        words = f"a running statistic keeps {decay:.3g} of itself from step to step"
        return Reading(Fault("batchnorm-momentum-inverted", words), place or text.definition)
    return None


def made_with(decay: float, text: StepText) -> ast.AST | None:
    """Where a layer, or else anything, is given the share that its statistics keep, or the share that they take up.

    Args:
        decay: the share that is kept.
    """
    constants = {
        name_of(target): node.value.value
        for node in ast.walk(text.tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }

    def says(value: ast.AST | None) -> bool:
        number = value.value if isinstance(value, ast.Constant) else constants.get(name_of(value)) if value else None
        return type(number) in (int, float) and min(abs(number - decay), abs(1 - number - decay)) < SAME_SHARE

    calls = [
        node for node in ast.walk(text.tree) if isinstance(node, ast.Call) and "optax" not in ast.unparse(node.func)
    ]
    given = [node for node in calls if any(MOMENTUM.fullmatch(k.arg or "") and says(k.value) for k in node.keywords)]
    layers = [
        node for node in given if NORMALISES.search(ast.unparse(node.func) + " ".join(map(ast.unparse, node.args[:1])))
    ]
    for node in sorted(layers or given, key=lambda node: node.lineno):
        return node
    for function in (node for node in ast.walk(text.tree) if isinstance(node, FUNCTIONS)):
        names = function.args.args[len(function.args.args) - len(function.args.defaults) :]
        for argument, value in zip(names, function.args.defaults, strict=True):
            if MOMENTUM.fullmatch(argument.arg) and says(value):
                return value
    named = (node for node in ast.walk(text.tree) if isinstance(node, (ast.Assign, ast.AnnAssign)) and says(node.value))
    targets = lambda node: node.targets if isinstance(node, ast.Assign) else [node.target]
    return next((node for node in named if any(MOMENTUM.fullmatch(name_of(t)) for t in targets(node))), None)


def matching_anywhere(text: StepText, pattern: str) -> ast.stmt | None:
    for part in pattern.split("|"):
        for node in ast.walk(text.tree):
            simple = isinstance(node, ast.stmt) and not isinstance(
                node, (*FUNCTIONS, ast.ClassDef, ast.For, ast.If, ast.With)
            )
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
    for before, moved, one, two in zip(
        effects.moments[0].statistics, other.statistics, effects.moments[1].statistics, after, strict=True
    ):
        change = moved - before
        if change.any() and before.dtype.kind == "f":
            shares.append(float(((two - one) * change).sum() / (change * change).sum()))
    return max(shares) if shares else None


def with_statistics(effects: Effects):
    """The first state with other running statistics; None where they are not found in it."""
    first = effects.moments[0]
    leaves = list(first.leaves)
    changed = []
    for value in first.statistics:
        place = next(
            (
                k
                for k, leaf in enumerate(leaves)
                if leaf.shape == value.shape and leaf.dtype.kind == "f" and np.array_equal(leaf, value)
            ),
            None,
        )
        if place is None or value.dtype.kind != "f":
            return None
        leaves[place] = value * 1.5 + 0.1
        changed.append(leaves[place])
    return dataclasses.replace(first, leaves=leaves, statistics=changed)
