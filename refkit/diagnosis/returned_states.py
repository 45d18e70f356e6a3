"""The line on which a step returns the state that it was given where the new one is meant."""

import ast

from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.wording import SCOPES, base, scopes_around
from refkit.tracing.trace import Site

PARTS = 2  # of the state of an LSTM
REPLACING = ("replace", "_replace")


def returned_as_given(site: Site) -> Site | None:
    """The `return` of the function around a line that hands back what the function was given, or a part of it."""
    around = scopes_around(parsed(source_of(site.file)), site.line)
    if not around or isinstance(around[-1], ast.Lambda):
        return None
    given = names_as_given(around[-1])
    for part in own_parts(around[-1]):
        if isinstance(part, ast.Return) and any(base_name(value) in given for value in returned(part.value)):
            return Site(site.file, part.lineno, part.end_lineno)
    return None


def names_as_given(function: ast.FunctionDef) -> set[str]:
    """Arguments of a function, and names for parts of them, that are bound nowhere else in it."""
    arguments = function.args
    given = {argument.arg for argument in [*arguments.posonlyargs, *arguments.args]} - {"self"}
    bound = [part.id for part in own_parts(function) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
    parts = set()
    for part in own_parts(function):
        if isinstance(part, ast.Assign) and base_name(part.value) in given:
            parts |= {name.id for target in part.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return {name for name in given if name not in bound} | {name for name in parts if bound.count(name) == 1}


def returned(value: ast.AST | None) -> list[ast.AST]:
    """What a `return` hands back as it is: the entries of tuples, the fields of a new record, a record with one field new."""
    if isinstance(value, (ast.Tuple, ast.List)):
        return [part for entry in value.elts for part in returned(entry)]
    if not isinstance(value, ast.Call):
        return [] if value is None else [value]
    called, given = value.func, [*value.args, *(keyword.value for keyword in value.keywords)]
    if isinstance(called, ast.Attribute) and called.attr in REPLACING and len(value.keywords) < PARTS:
        return [*value.args, called.value]
    name = getattr(called, "attr", getattr(called, "id", ""))
    return [part for entry in given for part in returned(entry)] if name[:1].isupper() else []


def base_name(value: ast.AST) -> str | None:
    """The name that an expression is, or is a part of; None for what computes."""
    found = base(value)
    return found.id if isinstance(found, ast.Name) else None


def own_parts(function: ast.FunctionDef) -> list[ast.AST]:
    """The syntax in a function's body, those of the functions in it apart."""
    waiting, found = list(function.body), []
    while waiting:
        part = waiting.pop(0)
        found.append(part)
        if not isinstance(part, (*SCOPES, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(part))
    return found
