"""Functions of a file that may be its loss: by name, by being differentiated, nested in a train step or not."""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from refkit.adapters.calling import parameters_of, required
from refkit.adapters.differentiated import FUNCTIONS, Differentiated, closure_factory, differentiated
from refkit.adapters.evidence import Evidence
from refkit.adapters.loss_roles import OUTPUTS

NAMED = (
    r"loss_?fn|loss|criterion|loss_function|compute_loss|objective|cost",
    r"cross_entropy.*|mse.*|nll.*",
    r".*loss.*|.*entropy.*",
)
NOT_LOSSES = re.compile(r".*(grad|history|losses|log_|scale|plot|curve|schedule).*", re.I)


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A function that may be the loss.

    Args:
        stages: parameters of the function, or of each function on the way to a nested one.
        run: calls it with the arguments of each stage.
        definition: its syntax, where it is in the file.
        around: names of the functions that it is nested in.
    """

    name: str
    stages: list[list[inspect.Parameter]]
    run: Callable[[dict[str, Any]], Any]
    definition: ast.AST | None
    around: tuple[str, ...] = ()


def named_losses(evidence: Evidence) -> Iterator[Candidate]:
    """Functions at the top of the file that are called after a loss, the plainest names first."""
    defined = [node.name for node in evidence.tree.body if isinstance(node, FUNCTIONS)]
    defined += [
        name for name, value in evidence.namespace.assigned.items() if isinstance(value, (ast.Lambda, ast.Call))
    ]
    for pattern in NAMED:
        for name in defined:
            if re.fullmatch(pattern, name, re.I) and not NOT_LOSSES.fullmatch(name):
                function = evidence.namespace.get(name)
                if callable(function):
                    yield plain_candidate(function, evidence)


def function_of(part: Any, evidence: Evidence) -> Callable | None:
    """A part as a function: it may come as a name, as what the loading found, or as itself."""
    if isinstance(part, str):
        part = evidence.namespace.get(part)
    if hasattr(part, "objects"):
        part = None if part.kind == "closure" else part.objects[-1]
    return part if callable(part) else None


def plain_candidate(function: Callable, evidence: Evidence) -> Candidate:
    inner = inspect.unwrap(function)
    definition = definition_of(inner, evidence)
    return Candidate(
        getattr(inner, "__name__", "loss"),
        [parameters_of(function)],
        lambda arguments: call_by_kind(function, arguments),
        definition,
    )


def call_by_kind(function: Callable, arguments: dict[str, Any]) -> Any:
    """By position as far as possible: a vmapped or jitted function takes names otherwise."""
    positional, named = [], dict(arguments)
    for parameter in parameters_of(function):
        if parameter.name not in named or parameter.kind not in (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        ):
            break
        positional.append(named.pop(parameter.name))
    return function(*positional, **named)


def definition_of(function: Callable, evidence: Evidence) -> ast.AST | None:
    code = getattr(function, "__code__", None)
    for node in ast.walk(evidence.tree):
        if (
            isinstance(node, FUNCTIONS)
            and code is not None
            and node.name == code.co_name
            and (
                node.lineno == code.co_firstlineno
                or any(entry.lineno == code.co_firstlineno for entry in node.decorator_list)
            )
        ):
            return node
    return None


def closures(evidence: Evidence, file: str) -> Iterator[Candidate]:
    """Functions that the file differentiates."""
    for entry in differentiated(evidence.tree):
        cls = evidence.namespace.get(entry.owner) if entry.owner else None
        if not entry.nested:
            function = getattr(cls, entry.name, None) if cls is not None else evidence.namespace.get(entry.name)
            if callable(function):
                yield with_owner(plain_candidate(function, evidence), cls)
            continue
        try:
            factory = closure_factory(entry, file, evidence.namespace.variables)
        except SyntaxError:
            continue
        candidate = Candidate(
            entry.name or "lambda",
            stages_of(entry),
            nested_run(factory, entry),
            entry.around[0],
            tuple(function.name for function in entry.around),
        )
        yield with_owner(candidate, cls)


def with_owner(candidate: Candidate, cls: Any) -> Candidate:
    """The candidate, its `self` marked with the class that it is of."""
    stages = [
        [parameter.replace(annotation=cls) if parameter.name == "self" else parameter for parameter in stage]
        for stage in candidate.stages
    ]
    return dataclasses.replace(candidate, stages=stages)


def stages_of(entry: Differentiated) -> list[list[inspect.Parameter]]:
    return [declared(node.args) for node in (*entry.around, entry.node)]


def declared(arguments: ast.arguments) -> list[inspect.Parameter]:
    """Parameters as the syntax declares them; a default is only marked, its value is the function's own."""
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    empty, kind = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = [
        inspect.Parameter(argument.arg, kind, default=empty if index < missing else None)
        for index, argument in enumerate(positional)
    ]
    found += [
        inspect.Parameter(argument.arg, inspect.Parameter.KEYWORD_ONLY, default=empty if default is None else None)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return found


def nested_run(factory: Callable, entry: Differentiated) -> Callable[[dict[str, Any]], Any]:
    names = [[parameter.name for parameter in stage] for stage in stages_of(entry)]

    def run(arguments: dict[str, Any]) -> Any:
        function: Any = factory
        for stage, accepted in enumerate(names):
            prefix = f"{stage}:"
            given = {name: arguments[prefix + name] for name in accepted if prefix + name in arguments}
            function = call_by_kind(function, given)
        return function

    return run


def looks_like_outputs(candidate: Candidate) -> bool:
    """Whether a loss takes outputs and labels, by its parameters' names."""
    if any(parameter.name == "self" for parameter in candidate.stages[0]):
        return False
    needed = [parameter.name.lower() for parameter in required(candidate.stages[0])]
    return (
        len(candidate.stages) == 1
        and len(needed) == 2
        and any(OUTPUTS.fullmatch(name) and len(name) > 1 for name in needed)
    )
