"""The line of a scoring function at which a known bug of the evaluation is."""

import ast
import re
from collections.abc import Iterable, Iterator

from refkit.adapters.expressions import name_of
from refkit.adapters.raised import user_lines
from refkit.scoring.judge import SHORT
from refkit.scoring.largest import largest_over_first
from refkit.scoring.verdict import Verdict

LOOPS = (ast.For, ast.While, ast.AsyncFor)
MEANS = {"mean", "average", "nanmean", "fmean"}
COMPARES = {"equal", "isclose", "abs", "array_equal"}
MODEL = re.compile(r"model|net|apply|forward|predict|\bself\b|mlp|cnn|lstm|lenet", re.I)
TRAINING = re.compile(
    r"\btrain(ing)?\s*=\s*True|deterministic\s*=\s*False|use_running_average\s*=\s*False|\.train\(\)|is_training\s*=\s*True"
)


def line_of(verdict: Verdict, file: str) -> int | None:
    """The 1-based line to name, the function's own where nothing better is known."""
    scorer = verdict.scorer
    definitions = scorer.evidence.reached(scorer.candidate.definition)
    if verdict.error is not None:
        lines = user_lines(verdict.error, file)
        if lines and verdict.id not in ("argmax-over-batch", "targets-broadcast"):
            return lines[-1]
    find = FINDERS.get(verdict.id)
    if find is not None:
        source = scorer.evidence.source.splitlines()
        for definition in definitions:
            found = find(definition, source)
            if found:
                return found
        if find is training_line:
            return (
                next(filter(None, (applying_line(definition, source) for definition in definitions)), scorer.line)
                or None
            )
    return scorer.line or None


def statements(body: Iterable[ast.stmt], looped: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Simple statements, and whether each is in a loop."""
    for node in body:
        inner = [getattr(node, field, None) or [] for field in ("body", "orelse", "finalbody")]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if not any(inner):
            yield node, looped
        for part in inner:
            yield from statements(part, looped or isinstance(node, LOOPS))


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def has_mean(node: ast.AST) -> bool:
    return any(name_of(call.func) in MEANS for call in calls(node))


def divisions(node: ast.AST) -> list[ast.BinOp]:
    return [n for n in ast.walk(node) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]


def averaging_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where the batches' means are averaged: the last mean or division after the loop, or that goes through one."""
    after = [node for node, looped in statements(definition.body) if not looped]
    looping = any(looped for _, looped in statements(definition.body)) or any(
        isinstance(n, ast.comprehension) for n in ast.walk(definition)
    )
    if not looping:
        return None
    for node in reversed(after):
        if has_mean(node) or divisions(node) or "Average" in ast.unparse(node):
            return node.lineno
    for node, looped in statements(definition.body):
        if looped and isinstance(node, ast.AugAssign):
            return node.lineno
    return None


def division_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where the divisor gets its wrong value: where it is counted, else where it divides."""
    flat = list(statements(definition.body))
    for node, _ in reversed(flat):
        for division in divisions(node):
            names = [n.id for n in ast.walk(division.right) if isinstance(n, ast.Name)]
            counted = [
                other
                for other, looped in flat
                if looped and isinstance(other, ast.AugAssign) and name_of(other.target) in names
            ]
            if counted:
                return counted[-1].lineno
            if isinstance(division.right, ast.Name):
                bound = [
                    other
                    for other, _ in flat
                    if isinstance(other, ast.Assign) and name_of(other.targets[0]) == division.right.id
                ]
                products = [
                    b for b in bound if any(isinstance(n, ast.Mult) for n in ast.walk(b)) or "pad" in ast.unparse(b)
                ]
                if products:
                    return products[-1].lineno
            return node.lineno
    for node, _ in reversed(flat):
        if has_mean(node):
            return node.lineno
    return None


def overwriting_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where each batch overwrites the one before."""
    flat = list(statements(definition.body))
    for node, looped in flat:
        if (
            not looped
            and any(
                isinstance(n, ast.Subscript)
                and ast.unparse(n.slice) == "-1"
                and isinstance(n.ctx, ast.Load)
                and isinstance(n.value, ast.Name)
                for n in ast.walk(node)
            )
            and any(inner for _, inner in flat)
        ):
            return node.lineno
    added = {name_of(node.target) for node, looped in flat if looped and isinstance(node, ast.AugAssign)}
    for node, looped in flat:
        if looped and isinstance(node, ast.Assign):
            names = {
                name_of(t)
                for target in node.targets
                for t in (target.elts if isinstance(target, ast.Tuple) else [target])
            }
            if names & added and all(isinstance(n, (ast.Constant, ast.Tuple)) for n in [node.value]):
                return node.lineno
    after = [node for node, looped in flat if not looped]
    used = {n.id for node in after for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    overwritten = [
        node
        for node, looped in flat
        if looped
        and isinstance(node, ast.Assign)
        and {
            name_of(t) for target in node.targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])
        }
        & used
    ]
    if not overwritten:  # under a key of something that outlives the loop
        overwritten = [
            node
            for node, looped in flat
            if looped
            and isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Subscript) and name_of(t.value) in used for t in node.targets)
        ]
    return overwritten[0].lineno if overwritten else None


def comparing_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where predictions meet labels."""
    for node in sorted(ast.walk(definition), key=lambda n: (getattr(n, "lineno", 0), getattr(n, "col_offset", 0))):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            return node.lineno
        if isinstance(node, ast.Call) and name_of(node.func) in COMPARES:
            return node.lineno
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and not isinstance(node.left, ast.Constant):
            return node.lineno
    return None


def short_line(definition: ast.AST, source: list[str]) -> int | None:
    for number in range(definition.lineno, definition.end_lineno + 1):
        if SHORT.search(source[number - 1]):
            return number
    return None


def training_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where training mode is asked for before the model is called."""
    applied = applying_line(definition, source)
    for number in range(definition.lineno, (applied or definition.end_lineno) + 1):
        if TRAINING.search(source[number - 1]):
            return number
    return None


def applying_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where the model is called, else where it is handed on."""
    for node, _ in statements(definition.body):
        for call in calls(node):
            if MODEL.search(ast.unparse(call.func)) and not re.search(r"\.(train|eval)$", ast.unparse(call.func)):
                return call.lineno
    for node, _ in statements(definition.body):
        for call in calls(node):
            if any(
                MODEL.search(ast.unparse(part)) for part in call.args[:2] if isinstance(part, (ast.Name, ast.Attribute))
            ):
                return call.lineno
    return None


def adding_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where something that outlives the call is added to."""
    for node, _ in statements(definition.body):
        if isinstance(node, ast.AugAssign):
            return node.lineno
        if any(name_of(call.func) in ("append", "extend", "update") for call in calls(node)):
            return node.lineno
    return None


def cutting_line(definition: ast.AST, source: list[str]) -> int | None:
    """Where it is decided how many batches there are."""
    for node in sorted((n for n in ast.walk(definition) if isinstance(n, ast.BinOp)), key=lambda n: n.lineno):
        if (
            isinstance(node.op, ast.FloorDiv)
            or isinstance(node.op, ast.Add)
            and re.search(r"len\(.*- .*\+ 1$", ast.unparse(node))
        ):
            return node.lineno
    loops = [node.lineno for node in ast.walk(definition) if isinstance(node, LOOPS)]
    return min(loops, default=None)


FINDERS = {
    "data-truncated": cutting_line,
    "argmax-over-batch": lambda definition, source: largest_over_first(definition),
    "mean-of-batch-means": averaging_line,
    "divided-by-padded-count": division_line,
    "last-batch-only": overwriting_line,
    "targets-broadcast": comparing_line,
    "low-precision-accumulation": short_line,
    "dropout-at-evaluation": training_line,
    "batch-statistics-at-evaluation": training_line,
    "initial-parameters-at-evaluation": applying_line,
    "metric-not-reset": adding_line,
}
