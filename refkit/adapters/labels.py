"""The form in which a loss wants its labels: class ids or one-hot rows, targets in a column or not."""

import ast
import dataclasses
import re
from collections.abc import Callable

import jax
import jax.numpy as jnp

from refkit.adapters.evidence import Evidence, name_of

LABELS = re.compile(r"(.*_)?(labels?|targets?|ys?|yb|tgts?|answers?|classes|class_ids?|y_?true|y_?batch|truths?|ground_truth|gold"
                    r"|ts?|batch_y|onehots?|one_hots?|tags?|next_tokens)(_\d+|_b|_batch|_onehot|_one_hot|_ids)?|[yt]_?(b|i|true|onehot|oh)?")
COLUMN_TEXT = re.compile(r"(?:\by\b|targets?|labels?)[^\n]{0,40}[(\[]\s*(?:b|n|batch|batch_size)\s*,\s*1\s*[)\]]", re.I)
FLAT_TEXT = re.compile(r"(?:\by\b|targets?|labels?)[^\n]{0,40}[(\[]\s*(?:b|n|batch|batch_size)\s*,?\s*[)\]]", re.I)
MODEL_SIDE = re.compile(r"(.*_)?(params?|parameters|model|net|variables|weights|carry|state|h|c|hc|logits|preds?|opt_state|optimizer)")
REDUCTIONS = {"sum", "mean", "prod", "max", "min", "dot", "einsum"}


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
    return labels.reshape(labels.shape[0], *labels.shape[2:]) if labels.ndim > 1 and labels.shape[1] == 1 else labels


def column(labels: jax.Array) -> jax.Array:
    return labels.reshape(labels.shape[0], 1) if labels.ndim == 1 else labels


def label_forms(evidence: Evidence, inside: ast.AST | None, classification: bool, output_shape: tuple[int, ...]) -> list[LabelForm]:
    """Forms worth trying, most plausible first.

    Args:
        inside: the loss's definition: what it does to its labels says nothing of how they come.
        output_shape: of the model, for a batch.
    """
    classes = output_shape[-1] if len(output_shape) > 1 else 2
    ids, rows = LabelForm("", same), LabelForm("one-hot rows", lambda labels: jax.nn.one_hot(labels, classes))
    real = LabelForm("floats", lambda labels: labels.astype(jnp.float32))
    if classification:
        found = [rows, ids] if one_hot_outside(evidence, inside) and classes > 1 else [ids, rows]
        single = len(output_shape) == 1 or classes == 1
        columns = [LabelForm("a column of ids", column),
                   LabelForm("a column of floats", lambda labels: column(labels).astype(jnp.float32))]
        if not single:
            return [*found, columns[0]]
        shape = shape_outside(evidence, inside) or ("column" if len(output_shape) > 1 else "flat")
        flats = [ids, real]
        return [*columns, *flats] if shape == "column" else [*flats, *columns]
    shape = shape_outside(evidence, inside)
    if shape is None and len(output_shape) == 1:
        shape = "flat"
    one, other = LabelForm("", same), LabelForm("a vector `f32[batch]`", flat)
    return [other, one] if shape == "flat" else [one, other]


def one_hot_outside(evidence: Evidence, inside: ast.AST | None) -> bool:
    """Whether labels are made one-hot anywhere but inside the loss, or come so from the text."""
    skipped = set(map(id, ast.walk(inside))) if inside is not None else set()
    for node in ast.walk(evidence.tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Call) and name_of(node.func) in {"one_hot", "to_categorical", "onehot", "OneHotEncoder", "LabelBinarizer"}:
            return True
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call) and name_of(node.value.func) in {"eye", "identity"}:
            return True
    return False


def shape_outside(evidence: Evidence, inside: ast.AST | None) -> str | None:
    """`column` or `flat`, as the file makes its targets; None where it does not tell."""
    skipped = set(map(id, ast.walk(inside))) if inside is not None else set()
    votes: list[str] = []
    for scope in [evidence.tree, *(node for node in ast.walk(evidence.tree) if isinstance(node, ast.FunctionDef))]:
        if id(scope) in skipped or defines_model(scope):
            continue
        bound: dict[str, ast.AST] = {}
        for node in statements(scope):
            if isinstance(node, ast.Assign):
                for target, value in assigned(node):
                    bound[target] = value
                    if LABELS.fullmatch(target.lower()):
                        votes.append(kind_of(value, bound, 0))
            value = node.value if isinstance(node, (ast.Return, ast.Expr)) else None
            value = value.value if isinstance(value, ast.Yield) else value if isinstance(node, ast.Return) else None
            votes += [kind_of(entry, bound, 0) for entry in last_of(value)]
    told = [vote for vote in votes if vote]
    if told:
        return "column" if "column" in told else "flat"
    if COLUMN_TEXT.search(evidence.source):
        return "column"
    return "flat" if FLAT_TEXT.search(evidence.source) else None


def defines_model(scope: ast.AST) -> bool:
    """Whether a function belongs to the model or its training rather than to the data."""
    if not isinstance(scope, ast.FunctionDef):
        return False
    names = [argument.arg for argument in scope.args.args]
    return scope.name in ("__call__", "setup", "forward", "apply", "predict") or any(MODEL_SIDE.fullmatch(name) for name in names)


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
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
            pairs += [(name.id, value) for name, value in zip(target.elts, node.value.elts, strict=True) if isinstance(name, ast.Name)]
        elif isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(target.elts[1], ast.Name):
            if isinstance(node.value, ast.Call) and any(keyword.arg == "return_X_y" for keyword in node.value.keywords):
                pairs.append((target.elts[1].id, ast.parse("x.ravel()", mode="eval").body))
    return pairs


def last_of(value: ast.AST | None) -> list[ast.AST]:
    """The labels in `return x, y` or `yield {"x": x, "y": y}`."""
    if isinstance(value, ast.Tuple) and len(value.elts) in (2, 3):
        return value.elts[-1:]
    if isinstance(value, ast.Dict):
        return [entry for key, entry in zip(value.keys, value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and LABELS.fullmatch(key.value.lower())]
    return []


def kind_of(node: ast.AST, bound: dict[str, ast.AST], depth: int) -> str:
    """`column`, `flat`, or empty where the expression does not say."""
    if depth > 8:
        return ""
    inner = lambda child: kind_of(child, bound, depth + 1)
    if isinstance(node, ast.Name):
        value = bound.get(node.id)
        return inner(value) if value is not None and value is not node else ""
    if isinstance(node, ast.BinOp):
        kinds = {inner(node.left), inner(node.right)}
        return "column" if "column" in kinds else "flat" if "flat" in kinds else ""
    if isinstance(node, ast.Subscript):
        return kind_of_index(node, inner)
    if isinstance(node, ast.Call):
        return kind_of_call(node, inner)
    if isinstance(node, (ast.List, ast.ListComp)):
        return ""
    return ""


def kind_of_index(node: ast.Subscript, inner) -> str:
    entries = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if len(entries) > 1 and isinstance(entries[0], (ast.Slice, ast.Constant)):
        last = entries[-1]
        if (isinstance(last, ast.Constant) and last.value is None) or name_of(last) == "newaxis":
            return "column"
        if isinstance(last, ast.Constant) and isinstance(last.value, int):
            return "flat"
        if isinstance(last, ast.Slice):
            return "column" if last.lower is not None else ""
    return inner(node.value) if len(entries) == 1 else ""


def kind_of_call(node: ast.Call, inner) -> str:
    name = name_of(node.func)
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "expand_dims":
        return "column"
    if name == "reshape":
        last = node.args[-1] if node.args else None
        last = last.elts[-1] if isinstance(last, (ast.Tuple, ast.List)) and last.elts else last
        if isinstance(last, ast.Constant) and last.value == 1:
            return "column"
        return "flat" if isinstance(last, (ast.Constant, ast.UnaryOp)) else ""
    if name in ("ravel", "flatten", "squeeze"):
        return "flat"
    if name in REDUCTIONS:
        keep = keywords.get("keepdims")
        if isinstance(keep, ast.Constant) and keep.value:
            return "column"
        return "flat" if "axis" in keywords or len(node.args) >= 1 else ""
    if name in ("astype", "copy", "block_until_ready") and isinstance(node.func, ast.Attribute):
        return inner(node.func.value)
    if name in ("asarray", "array", "float32", "concatenate", "jnp", "device_put") and node.args:
        return inner(node.args[0])
    return ""
