"""The functions of a file that score: of outputs and labels, or of a model and data."""

import ast
import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

from refkit.adapters.calling import parameters_of, required
from refkit.adapters.candidates import Candidate, plain_candidate, with_owner
from refkit.adapters.differentiated import FUNCTIONS, differentiated
from refkit.adapters.labels import LABELS
from refkit.adapters.loss_roles import OUTPUTS
from refkit.adapters.parts.scorer import Scorer
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

SCORES = re.compile(
    r"_*(.*_)?(accuracy|acc|accuracies|evaluate|evaluation|eval|metrics?|scores?|correct|hits|error_rate|error_count|errors|mistakes|validate|validation"
    r"|test|valid|val|mae|rmse|r2|share|fraction|right|wrong|within)(_.*)?",
    re.I,
)
OTHERS = re.compile(
    r"_*(.*_)?(plot|print|log|show|loss|entropy|load|data|dataset|ds|make|create|get_test|init|train|training|split|batches"
    r"|predict|forward|apply|save|report|summary|summarize|format|loader|set|reset|write|history|attention)(_.*)?",
    re.I,
)
PREDICTED = re.compile(r"(.*_)?(pred|preds|predicted|predictions?|guess|guesses|answers?)(_ids|_classes)?")


def adapt(surroundings: Surroundings) -> Part:
    """Everything that scores in the file; `run()` gives the `Scorer`s, those of outputs first, and the file's text."""
    found = sorted(scorers(surroundings), key=lambda scorer: not scorer.of_outputs)
    first = found[0] if found else None
    run = lambda: (found, surroundings.evidence)
    lacking = "" if found else "no metric found: name it with `--metric NAME`"
    return Part("metric", first.name if first else "", run, first.line if first else 0, lacking)


def scorers(surroundings: Surroundings) -> Iterator[Scorer]:
    evidence = surroundings.evidence
    named = surroundings.loaded.roles.get("metric")
    given = surroundings.find("metric") if named else None
    if given is not None:
        yield scorer_of(plain_candidate(given.object, evidence), surroundings, True)
        return
    losses = {entry.name for entry in differentiated(evidence.tree)}
    for node in evidence.tree.body:
        if isinstance(node, FUNCTIONS) and may_score(node, losses):
            function = evidence.namespace.get(node.name)
            if callable(function) and takes_data(parameters_of(function)):
                yield scorer_of(plain_candidate(function, evidence), surroundings)
        if isinstance(node, ast.ClassDef):
            cls = evidence.namespace.get(node.name)
            for method in node.body if isinstance(cls, type) else ():
                if isinstance(method, FUNCTIONS) and may_score(method, losses) and len(method.args.args) > 1:
                    function = inspect.getattr_static(cls, method.name, None)
                    plain = isinstance(function, staticmethod)
                    candidate = plain_candidate(getattr(cls, method.name), evidence)
                    candidate = candidate if candidate.definition else with_definition(candidate, method)
                    yield scorer_of(candidate if plain else with_owner(candidate, cls), surroundings)


def takes_data(parameters: list[inspect.Parameter]) -> bool:
    """Whether it takes anything to be scored, beside the model and what draws examples."""
    drawn = re.compile(r"(.*_)?(key|rng|rngs|seed|generator|gen|random)|self|n|size|steps", re.I)
    return len([p for p in parameters if not drawn.fullmatch(p.name) and p.default is p.empty]) > 1 or any(
        p.kind is p.VAR_POSITIONAL for p in parameters
    )


def with_definition(candidate: Candidate, node: ast.AST) -> Candidate:
    return Candidate(candidate.name, candidate.stages, candidate.run, node, candidate.around)


def may_score(node: Any, losses: set[str]) -> bool:
    """Whether a definition is called after a score, and is neither a generator nor what is differentiated."""
    if (
        node.name in losses
        or not SCORES.fullmatch(node.name)
        or OTHERS.fullmatch(node.name)
        or node.name.startswith("__")
    ):
        return False
    return not any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))


def scorer_of(candidate: Candidate, surroundings: Surroundings, named: bool = False) -> Scorer:
    definition = candidate.definition
    return Scorer(
        name=candidate.name,
        line=getattr(definition, "lineno", 0),
        candidate=candidate,
        call=surroundings.call,
        evidence=surroundings.evidence,
        of_outputs=takes_outputs(candidate),
        named=named,
        train=functools.partial(surroundings.part, "train"),
    )


def takes_outputs(candidate: Candidate) -> bool:
    """Whether it takes outputs and labels, by its parameters' names."""
    parameters = [parameter for parameter in candidate.stages[0] if parameter.name != "self"]
    needed = [parameter.name.lower() for parameter in required(parameters)]
    outputs = [
        name
        for name in needed
        if name not in ("p", "m", "s") and (OUTPUTS.fullmatch(name) or PREDICTED.fullmatch(name))
    ]
    return (
        bool(outputs) and len(needed) == 2 and any(LABELS.fullmatch(name) for name in needed if name not in outputs[:1])
    )
