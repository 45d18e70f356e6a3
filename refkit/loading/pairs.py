"""Models written as functions: one that makes the parameters, one that applies them."""

import ast
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.candidates import (
    APPLY,
    FILLERS,
    PARAMETERS,
    is_apply,
    is_init,
    makes_function,
    stem,
    takes_parameters,
    uses,
    without_parts,
    words,
)
from refkit.loading.found import Found
from refkit.loading.loaded import Loaded
from refkit.loading.statements import Statement

LOSS_WORDS = frozenset("loss cost nll criterion mse objective".split())


def find_pairs(loaded: Loaded, problems: list[str]) -> list[Found]:
    """Every pair `(init, apply)` of the file; what could not be had is told in `problems`."""
    unpacked = _unpacked_pairs(loaded)
    applies = {apply for _, apply in unpacked}
    around = (
        [pair for pair in _named_pairs(loaded) if applies & uses(loaded.program.target, pair[1])] if unpacked else []
    )
    pairs = around or unpacked or _named_pairs(loaded)
    found = []
    for init, apply in pairs:
        try:
            found.append(make_pair(loaded, init, apply))
        except RefkitError as error:
            problems.append(str(error))
    return found


def find_partner(loaded: Loaded, name: str) -> Found | None:
    """The pair that a function belongs to, as its init or as its apply; None where it has no partner."""
    for init, apply in [*_unpacked_pairs(loaded), *_named_pairs(loaded)]:
        if name in (init, apply):
            return make_pair(loaded, init, apply)
    inits, applies = _functions(loaded)
    if is_init(name) and not is_apply(name):
        partners = _choose(loaded, [a for a in applies if stem(a) == stem(name)] or applies)
        return make_pair(loaded, name, partners[0]) if len(partners) == 1 else None
    init = _init_for(loaded, name, inits, alone=True)
    return make_pair(loaded, init, name) if init else None


def make_pair(loaded: Loaded, init: str, apply: str) -> Found:
    """The pair of these names.

    Raises:
        RefkitError: one of them could not be had, or is not what a pair needs.
    """
    objects = loaded.get(init), loaded.get(apply)
    for name, thing in zip((init, apply), objects, strict=True):
        if not callable(thing) and (name == apply or "params" not in words(name)):
            raise RefkitError(
                f"`{name}` of `{loaded.shown}` is not a function: name the pair, as in `{loaded.shown}:init/apply`"
            )
    return Found(f"{init}/{apply}", "functions", objects, line_of(loaded, apply))


def line_of(loaded: Loaded, name: str) -> int:
    """The line on which the file binds a name, 0 if it does not."""
    namespace, first = loaded.program.target, name.split(".")[0]
    statements = namespace.writers.get(first) or [
        s for s in namespace.statements if first in namespace.taken_from_neighbours(s)
    ]
    return statements[-1].line if statements else 0


def lone_applies(loaded: Loaded) -> list[str]:
    """Functions that look like a forward pass for which nothing makes the parameters."""
    return _functions(loaded)[1]


def _unpacked_pairs(loaded: Loaded) -> list[tuple[str, str]]:
    """`init_fun, apply_fun = stax.serial(...)`: whatever the second is called."""
    found = []
    for statement in loaded.program.target.statements:
        node = statement.node
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Call):
            names = [element.id for element in node.targets[0].elts if isinstance(element, ast.Name)]
            if len(names) == 2 and is_init(names[0]) and not set(words(names[1])) & {"key", "rng", "state", "opt"}:
                found.append((names[0], names[1]))
    kept = without_parts(loaded.program.target, [apply for _, apply in found])
    return [(init, apply) for init, apply in found if apply in kept]


def _named_pairs(loaded: Loaded) -> list[tuple[str, str]]:
    inits, applies = _functions(loaded)
    groups: dict[frozenset[str], list[str]] = {}
    for name in applies:
        groups.setdefault(stem(name), []).append(name)
    chosen = without_parts(loaded.program.target, [_choose(loaded, group)[0] for group in groups.values()])
    pairs = [(_init_for(loaded, apply, inits, alone=len(chosen) == 1), apply) for apply in chosen]
    paired = [(init, apply) for init, apply in pairs if init]
    if not paired and inits and applies:
        best = _choose(loaded, applies)[0]
        paired = [(init, best) for init in [_init_for(loaded, best, inits, alone=True)] if init]
    return paired


def _functions(loaded: Loaded) -> tuple[list[str], list[str]]:
    """Names of the functions that look like an init and of those that look like an apply."""
    inits, applies = [], []
    for statement in loaded.program.target.statements:
        for name in sorted(_function_names(loaded, statement)):
            if is_init(name):
                inits.append(name)
            elif is_apply(name) and takes_parameters(statement):
                applies.append(name)
    if inits and not applies:
        applies = _called_by_losses(loaded) or _called_like(loaded, inits)
    return list(dict.fromkeys(inits)), list(dict.fromkeys(applies))


def _called_by_losses(loaded: Loaded) -> list[str]:
    """Functions that a loss calls with the parameters first, whatever they are called."""
    found, namespace = [], loaded.program.target
    for statement in namespace.statements:
        if isinstance(statement.node, ast.FunctionDef) and set(words(statement.node.name)) & LOSS_WORDS:
            for call in ast.walk(statement.node):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in namespace.writers:
                    given = [argument.id for argument in call.args if isinstance(argument, ast.Name)]
                    if given and set(words(given[0])) & PARAMETERS and not set(words(call.func.id)) & LOSS_WORDS:
                        found.append(call.func.id)
    return found


def _called_like(loaded: Loaded, inits: list[str]) -> list[str]:
    """Functions called as what an init makes the parameters of: `mlp` beside `init_mlp_params`."""
    stems = {stem(name) for name in inits} - {frozenset()}
    return [
        name
        for statement in loaded.program.target.statements
        for name in sorted(_function_names(loaded, statement))
        if frozenset(words(name)) in stems and takes_parameters(statement)
    ]


def _function_names(loaded: Loaded, statement: Statement) -> frozenset[str]:
    node = statement.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.binds
    if isinstance(node, ast.Assign) and statement.refusal is None:
        return statement.binds if makes_function(node.value) else frozenset()
    return loaded.program.target.taken_from_neighbours(statement)


def _choose(loaded: Loaded, applies: list[str]) -> list[str]:
    """The forward passes of one model, best first: the one that the loss calls, else the outermost."""
    namespace = loaded.program.target
    if len(applies) < 2:
        return applies
    losses = [name for name in namespace.writers if set(words(name)) & LOSS_WORDS]
    direct = {read for name in losses for s in namespace.writers[name] for read in s.later | s.reads}
    preferred = [name for name in applies if name in direct] or without_parts(namespace, applies)
    rank = {name: [APPLY.index(word) for word in words(name) if word in APPLY] for name in preferred}
    return sorted(preferred, key=lambda name: min(rank[name], default=0))


def _init_for(loaded: Loaded, apply: str, inits: list[str], alone: bool) -> str | None:
    namespace = loaded.program.target
    same = [name for name in inits if stem(name) == stem(apply)]
    candidates: list[Any] = without_parts(namespace, same or (inits if alone else []))
    if candidates:
        return sorted(candidates, key=lambda name: (len(set(words(name)) - FILLERS), name))[0]
    given = [name for name in ("params", "parameters", "weights", "init_params") if name in namespace.writers]
    if alone and given and given[0] not in uses(namespace, apply):
        return given[0]
    return None
