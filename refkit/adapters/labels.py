"""The form in which a loss wants its labels: class ids or one-hot rows, targets in a column or not."""

import ast
import copy
import dataclasses
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp

from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import name_of
from refkit.adapters.handed import counted_in, handed_in, indexed_by, takers_of
from refkit.adapters.ranks import rank_of

LABELS = re.compile(
    r"(.*_)?(labels?|targets?|ys?|yb|tgts?|answers?|classes|class_ids?|y_?true|y_?batch|truths?|ground_truth|gold"
    r"|ts?|batch_y|onehots?|one_hots?|tags?|next_tokens)(_\d+|_b|_batch|_onehot|_one_hot|_ids)?|[yt]_?(b|i|true|onehot|oh)?"
)
COLUMN_TEXT = re.compile(r"(?:\by\b|targets?|labels?)[^\n]{0,40}[(\[]\s*(?:b|n|batch|batch_size)\s*,\s*1\s*[)\]]", re.I)
FLAT_TEXT = re.compile(r"(?:\by\b|targets?|labels?)[^\n]{0,40}[(\[]\s*(?:b|n|batch|batch_size)\s*,?\s*[)\]]", re.I)
MODEL_SIDE = re.compile(
    r"(.*_)?(params?|parameters|model|net|variables|weights|carry|state|h|c|hc|logits|preds?|opt_state|optimizer)"
)


@dataclasses.dataclass(frozen=True)
class LabelForm:
    """Labels as the user's loss takes them.

    Args:
        name: for the notes; empty for the reference's own form.
        convert: from the reference's form, `i32[batch]` or `f32[batch, outputs]`.
    """

    name: str
    convert: Callable[[jax.Array], jax.Array]


def same(labels: jax.Array) -> jax.Array:
    return labels


def flat(labels: jax.Array) -> jax.Array:
    return labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels


def column(labels: jax.Array) -> jax.Array:
    return labels.reshape(labels.shape[0], 1) if labels.ndim == 1 else labels


def label_forms(
    evidence: Evidence, inside: ast.AST | None, classification: bool, output_shape: tuple[int, ...], time_first: bool
) -> tuple[list[LabelForm], bool]:
    """Forms worth trying, most plausible first, and whether the file says which it is.

    Args:
        inside: the loss's definition: what it does to its labels says nothing of how they come.
        output_shape: of the model, for a batch.
        time_first: whether labels of every step come with time first.
    """
    classes = output_shape[-1] if len(output_shape) > 1 else 2
    turn = (lambda labels: jnp.swapaxes(labels, 0, 1) if labels.ndim > 1 else labels) if time_first else same
    shape = shape_outside(evidence, inside)
    flat_first = shape == "flat" or (shape is None and len(output_shape) == 1)
    if not classification:
        one, other = LabelForm("", turn), LabelForm("a vector `f32[batch]`", lambda labels: turn(flat(labels)))
        return ([other, one] if flat_first else [one, other]), shape is not None
    ids, rows = LabelForm("", turn), LabelForm("one-hot rows", lambda labels: turn(jax.nn.one_hot(labels, classes)))
    columns = [
        LabelForm("a column of ids", column),
        LabelForm("a column of floats", lambda labels: column(floats(labels))),
    ]
    if len(output_shape) > 1 and classes > 1:
        first = [rows, ids] if one_hot_outside(evidence, inside) else [ids, rows]
        return [*first, columns[0]], True
    flats = [ids, LabelForm("floats", floats)]
    return ([*flats, *columns] if flat_first else [*columns, *flats]), shape is not None


def floats(labels: jax.Array) -> jax.Array:
    return labels.astype(jnp.float32)


def one_hot_outside(evidence: Evidence, inside: ast.AST | None) -> bool:
    """Whether labels are made one-hot anywhere but inside the loss, or come so from the text."""
    skipped = {id(node) for part in evidence.reached(inside) for node in ast.walk(part)}
    for node in ast.walk(evidence.tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Call) and name_of(node.func) in {
            "one_hot",
            "to_categorical",
            "onehot",
            "OneHotEncoder",
            "LabelBinarizer",
        }:
            return True
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Call)
            and name_of(node.value.func) in {"eye", "identity"}
        ):
            return True
    return False


def shape_outside(evidence: Evidence, inside: ast.AST | None) -> str | None:
    """`column` or `flat`, as the file makes its targets; None where it does not tell."""
    skipped = {id(node) for part in evidence.reached(inside) for node in ast.walk(part)}
    named: list[int | None] = []
    given: list[int | None] = []
    handed: list[int | None] = []
    takers = takers_of(evidence.tree, inside, lambda name: bool(LABELS.fullmatch(name.lower())))
    for scope in [evidence.tree, *(node for node in ast.walk(evidence.tree) if isinstance(node, ast.FunctionDef))]:
        if id(scope) in skipped or defines_model(scope):
            continue
        bound: dict[str, ast.AST] = {}
        counted = counted_in(scope)
        for node in statements(scope):
            handed += [rank_of(entry, bound) for entry in handed_in(node, takers) if not indexed_by(entry, counted)]
            if isinstance(node, ast.Assign):
                for target, value in assigned(node):
                    if LABELS.fullmatch(target.lower()):
                        named.append(rank_of(value, bound))
                    bound[target] = resolved(value, target, bound)
            given += [rank_of(entry, bound) for entry in given_out(node)]
    for votes in (handed, given, named):
        if 1 in votes or 2 in votes:
            return "column" if 2 in votes else "flat"
    if COLUMN_TEXT.search(evidence.source):
        return "column"
    return "flat" if FLAT_TEXT.search(evidence.source) else None


def resolved(value: ast.AST, target: str, bound: dict[str, ast.AST]) -> ast.AST:
    """The expression with its own name replaced by what it was before, as in `y = y[:, None]`."""
    if target not in bound or not any(isinstance(node, ast.Name) and node.id == target for node in ast.walk(value)):
        return value
    before = bound[target]

    class Earlier(ast.NodeTransformer):
        def visit_Name(self, node):
            return before if node.id == target else node

    return Earlier().visit(copy.deepcopy(value))


def given_out(node: ast.stmt) -> list[ast.AST]:
    """The labels that a statement returns or yields."""
    value = node.value if isinstance(node, (ast.Return, ast.Expr)) else None
    if isinstance(node, ast.Expr) and not isinstance(value, ast.Yield):
        return []
    return last_of(value.value if isinstance(value, ast.Yield) else value)


def defines_model(scope: ast.AST) -> bool:
    """Whether a function belongs to the model or its training rather than to the data."""
    if not isinstance(scope, ast.FunctionDef):
        return False
    names = [argument.arg for argument in scope.args.args]
    return scope.name in ("__call__", "setup", "forward", "apply", "predict") or any(
        MODEL_SIDE.fullmatch(name) for name in names
    )


def statements(scope: ast.AST):
    """Statements of a scope in their order, those of nested functions left out."""
    for node in scope.body:
        yield from flatten(node)


def flatten(node: ast.AST):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    yield node
    for field in ("body", "orelse", "finalbody"):
        for inner in getattr(node, field, []) or []:
            yield from flatten(inner)


def assigned(node: ast.Assign) -> list[tuple[str, ast.AST]]:
    """Names and the expressions they get, tuples taken apart."""
    pairs = []
    for target in node.targets:
        if isinstance(target, ast.Name):
            pairs.append((target.id, node.value))
        elif (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
        ):
            pairs += [
                (name.id, value)
                for name, value in zip(target.elts, node.value.elts, strict=True)
                if isinstance(name, ast.Name)
            ]
        elif gives_features_and_target(node.value) and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            pairs.append((name_of(target.elts[1]), ast.parse("x.ravel()", mode="eval").body))
    return pairs


def gives_features_and_target(value: ast.AST) -> bool:
    """Whether an expression is scikit-learn's `load_…(return_X_y=True)`."""
    return isinstance(value, ast.Call) and any(keyword.arg == "return_X_y" for keyword in value.keywords)


def last_of(value: ast.AST | None) -> list[ast.AST]:
    """The labels in `return x, y`, `yield {"x": x, "y": y}`, `return Batch(x=x, y=y)` or pairs of such."""
    if isinstance(value, ast.Tuple) and len(value.elts) in (2, 3):
        if all(isinstance(entry, (ast.Tuple, ast.Dict)) for entry in value.elts):
            return [found for entry in value.elts for found in last_of(entry)]
        return value.elts[-1:]
    if isinstance(value, ast.Dict):
        named = [
            (key.value, entry)
            for key, entry in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        return [entry for name, entry in named if LABELS.fullmatch(name.lower())]
    if isinstance(value, ast.Call):
        return [keyword.value for keyword in value.keywords if keyword.arg and LABELS.fullmatch(keyword.arg.lower())]
    return []
