"""Finding what surrounds the model: loss, optimizer, train step and the rest."""

import ast
import re
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.candidates import definitions, makes_function
from refkit.loading.found import Found
from refkit.loading.loaded import Loaded
from refkit.loading.names import dotted
from refkit.loading.pairs import line_of
from refkit.loading.statements import Statement

PATTERNS = {
    "loss": (
        "loss_fn",
        "loss",
        "criterion",
        "loss_function|compute_loss|loss_func|calculate_loss|get_loss|objective|cost|cost_fn",
        "cross_entropy.*",
        "mse.*",
        "nll.*|negative_log_likelihood|.*_loss|.*_loss_fn|loss_.*",
    ),
    "optimizer": (
        "optimizer",
        "tx",
        "opt",
        "optim|optimiser",
        "(make|create|get|build|init)_(optimizer|optimiser|tx|opt)|optimizer_fn",
        ".*_optimizer|optimizer_.*|.*_tx",
        "opt_init",
    ),
    "train_step": (
        "train_step",
        "update",
        "step",
        "training_step|update_step|train_batch|update_fn|step_fn",
        ".*train_step.*|update_.*",
    ),
    "preprocess": (
        "preprocess",
        "normalize|normalise",
        "transform",
        "prepare",
        "(preprocess|normali[sz]e|prepare|standardi[sz]e).*|.*_preprocess",
    ),
    "metric": (
        "accuracy",
        "evaluate",
        "eval_step",
        "compute_metrics",
        "compute_accuracy|get_accuracy|calculate_accuracy|accuracy_.*|.*_accuracy|eval_.*",
    ),
    "batches": (
        "batches",
        "get_batches",
        "train_batches",
        "iterate.*",
        ".*_batches|.*data_?loader|batch_(iterator|generator|stream)|data_(stream|generator)|get_batch",
        "(mini_?)?batch(es)?_?(of|gen|iter|loader)?|stream|loader|epochs?|(make|next|sample|random)_batch|.*_batch_(iter|gen).*",
    ),
    "split": (
        "split",
        "train_test_split",
        "load_data",
        "get_data",
        "split_.*|load_.*data.*|get_.*data.*|load_dataset|.*_split",
        "load|load_\\w+|read_\\w+|data|dataset|digits|standardi[sz]ed|(make|prepare|build)_(data|dataset|splits?|arrays)|prepare",
    ),
    "load": (
        "load_data",
        "get_data",
        "load_.*data.*|get_.*data.*|load_dataset",
        "load|load_\\w+|read_\\w+|(make|prepare|build)_(data|dataset|splits?|arrays)",
    ),
    "train": ("train", "fit", "main", "train_model|train_and_evaluate|training_loop|train_loop|run_training|run"),
}
DIFFERENTIATORS = frozenset("grad value_and_grad jacfwd jacrev vjp".split())
NOT_LOSSES = re.compile(
    r".*(grad|history|histories|losses|scale|weight|list|log|curve|value|values|best|meter|name|plot).*"
)


def find_part(loaded: Loaded, role: str, override: str | None = None) -> Found | None:
    """A part of a TARGET by its role, or None where the file has none.

    Args:
        loaded: the TARGET.
        role: `loss`, `optimizer`, `train_step`, `preprocess`, `metric`, `batches`, `split`, `load` or `train`.
        override: its name, where the user gave it.

    Raises:
        RefkitError: the user gave a name, and that could not be had or is no such part.
    """
    override = override or loaded.roles.get(role)
    if override:
        thing = loaded.get(override)
        if not _fits(role, thing):
            option = f"--{role.replace('_', '-')}"
            kind = type(thing).__name__
            raise RefkitError(f"`{override}` of `{loaded.shown}` is a `{kind}`: {option} wants {_wanted(role)}")
        return Found(override, role, (thing,), line_of(loaded, override))
    for name in _ranked(loaded, role):
        try:
            thing = loaded.get(name)
        except RefkitError as error:
            _note(loaded, str(error))
            continue
        if name == "opt_init" and role == "optimizer":
            if triple := _optimizer_triple(loaded, name):
                return triple
        elif _fits(role, thing) and (role == "optimizer" or not isinstance(thing, type)):
            return Found(name, role, (thing,), line_of(loaded, name))
    return _closure(loaded) if role == "loss" else None


def _ranked(loaded: Loaded, role: str) -> list[str]:
    """Names of the file that may be the part, the likeliest first."""
    names = [name for statement in loaded.program.target.statements for name in sorted(_bound(loaded, statement, role))]
    names = list(dict.fromkeys(names))
    ranked = [name for pattern in PATTERNS[role] for name in names if re.fullmatch(pattern, name, re.IGNORECASE)]
    if role == "train_step":
        ranked = [name for name in ranked if not re.match("(make|create|get|build)_", name)]
    if role == "loss":
        ranked = [name for name in ranked if not NOT_LOSSES.fullmatch(name)]
        ranked = [name for name in _differentiated(loaded) if name in names] + ranked
    return list(dict.fromkeys(ranked))


def _bound(loaded: Loaded, statement: Statement, role: str) -> frozenset[str]:
    """Names that a statement may bind to a part of the program."""
    node = statement.node
    if isinstance(node, ast.ImportFrom):
        return loaded.program.target.taken_from_neighbours(statement)
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        called = role == "optimizer" and isinstance(node.value, ast.Call)
        return statement.binds if statement.refusal is None and (called or makes_function(node.value)) else frozenset()
    defined = isinstance(node, (ast.If, ast.Try)) and statement.refusal is None
    return statement.binds if statement.is_definition or defined else frozenset()


def _differentiated(loaded: Loaded) -> list[str]:
    """Module-level functions that the file differentiates."""
    found = []
    for node in ast.walk(loaded.tree):
        if isinstance(node, ast.Call) and _differentiates(node) and node.args and isinstance(node.args[0], ast.Name):
            found.append(node.args[0].id)
    inner = {
        node.name
        for top in loaded.tree.body
        for node in ast.walk(top)
        if node is not top and isinstance(node, ast.FunctionDef)
    }
    return [name for name in found if name not in inner]


def _closure(loaded: Loaded) -> Found | None:
    """The function that a train step, or else another function, differentiates inside itself."""
    steps = [*_ranked(loaded, "train_step"), *_ranked(loaded, "train")]
    others = [s.node.name for s in definitions(loaded.program.target)]
    for name in dict.fromkeys(steps + others):
        for statement in loaded.program.target.writers.get(name, ()):
            if not isinstance(statement.node, ast.FunctionDef):
                continue
            inner = {
                n.name: n
                for n in ast.walk(statement.node)
                if isinstance(n, ast.FunctionDef) and n is not statement.node
            }
            for call in ast.walk(statement.node):
                if (
                    isinstance(call, ast.Call)
                    and _differentiates(call)
                    and call.args
                    and isinstance(call.args[0], ast.Name)
                ):
                    definition = inner.get(call.args[0].id)
                    if definition is not None:
                        return Found(f"{name}.{definition.name}", "closure", (loaded.get(name),), definition.lineno)
    return None


def _differentiates(call: ast.Call) -> bool:
    return (dotted(call.func) or "").rpartition(".")[2] in DIFFERENTIATORS


def _optimizer_triple(loaded: Loaded, name: str) -> Found | None:
    """`opt_init, opt_update, get_params = optimizers.adam(1e-3)`."""
    for statement in loaded.program.target.writers[name]:
        node = statement.node
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and len(node.targets[0].elts) == 3:
            names = [element.id for element in node.targets[0].elts if isinstance(element, ast.Name)]
            if len(names) == 3:
                return Found("/".join(names), "optimizer", tuple(loaded.get(part) for part in names), statement.line)
    return None


def _fits(role: str, thing: Any) -> bool:
    if role == "optimizer":
        transformation = callable(getattr(thing, "init", None)) and callable(getattr(thing, "update", None))
        stepper = callable(getattr(thing, "update", None)) and not isinstance(thing, dict)
        triple = isinstance(thing, tuple) and len(thing) == 3 and all(callable(part) for part in thing)
        return transformation or stepper or triple or callable(thing)
    return callable(thing)


def _wanted(role: str) -> str:
    return "an optimizer or a function that makes one" if role == "optimizer" else "a function"


def _note(loaded: Loaded, sentence: str) -> None:
    if sentence not in loaded.program.notes:
        loaded.program.notes.append(sentence)
