"""Finding the one model of a TARGET."""

import ast
import inspect
import sys
from typing import Any

from refkit.errors import RefkitError
from refkit.loading.candidates import (
    MODELS,
    candidate_classes,
    definitions,
    is_builder,
    pair_names,
    without_parts,
    words,
)
from refkit.loading.found import Found, framework_class, module_kind
from refkit.loading.loaded import Loaded
from refkit.loading.names import dotted
from refkit.loading.pairs import find_pairs, find_partner, line_of, lone_applies, make_pair

LOOKED_FOR = (
    "a class that derives from `flax.nnx.Module` or `flax.linen.Module`, a pair of functions such as `init`/`apply` or "
    "`init_params`/`forward`, an instance of one of these, or a `refkit.Implementation`"
)
GENERATORS = frozenset("rngs rng key seed prng_key rng_key".split())


def the_model(loaded: Loaded) -> Found:
    """The model that a TARGET names, or its only one.

    Raises:
        RefkitError: there is none, there are several, or it is of a framework that cannot be read.
    """
    problems: list[str] = []
    models = find_models(loaded, problems)
    if len(models) > 1:
        listed = ", ".join(f"`{model.name}` (line {model.line})" for model in models)
        raise RefkitError(
            f"`{loaded.shown}` has several models, {listed}: name one, as in `{loaded.shown}:{models[-1].name}`"
        )
    if not models:
        raise RefkitError(problems[0] if problems else _none(loaded))
    if models[0].kind == "other":
        kind = framework_class(models[0].object)
        raise RefkitError(
            f"`{models[0].name}` of `{loaded.shown}` (line {models[0].line}) is a `{kind}`, which cannot be read yet: "
            "write `implementation = refkit.Implementation(init=…, apply=…)` around it and name that"
        )
    return models[0]


def find_models(loaded: Loaded, problems: list[str] | None = None) -> list[Found]:
    """Every model of a TARGET that may be meant; the parts of other models are left out.

    Args:
        loaded: the TARGET.
        problems: takes a sentence on each model that could not be had.

    Raises:
        RefkitError: the TARGET names a model, and that could not be had.
    """
    problems = [] if problems is None else problems
    if loaded.name:
        return [_named(loaded, loaded.name)]
    with loaded.program.active():
        finders = (
            _implementations,
            _classes,
            _imported_classes,
            find_pairs,
            _instances,
            _classes_of_modules,
            _built,
            _plain_classes,
        )
        for find in finders:
            if found := find(loaded, problems):
                return found
    return []


def _named(loaded: Loaded, name: str) -> Found:
    names = pair_names(name)
    if len(names) == 2:
        return make_pair(loaded, *names)
    thing, line = loaded.get(name), line_of(loaded, name)
    if kind := module_kind(thing):
        return Found(name, kind, (thing,), line)
    if pair := _as_pair(thing):
        return Found(name, "functions", pair, line)
    if isinstance(thing, type) and (pair := _plain_pair(thing)):
        return Found(name, "functions", pair, line)
    if callable(thing) and not isinstance(thing, type):
        built = _call_builder(loaded, name) if is_builder(name) else None
        if built is None:
            built = find_partner(loaded, name) if "." not in name else None
        if built is None:
            built = _call_builder(loaded, name)
        if built is None:
            raise RefkitError(
                f"`{name}` of `{loaded.shown}` (line {line}) is a function without another that makes its parameters: "
                f"name the pair, as in `{loaded.shown}:init_params/{name}`"
            )
        return built
    raise RefkitError(f"`{name}` of `{loaded.shown}` is a `{type(thing).__name__}`, and not a model: name {LOOKED_FOR}")


def _implementations(loaded: Loaded, problems: list[str]) -> list[Found]:
    target = loaded.program.target
    names = [
        name
        for name, call in _assigned_calls(loaded)
        if name == "implementation" or (target.effects.origin(call.func) or "").startswith("refkit.")
    ]
    return [found for found in _of_kind(loaded, names, problems) if found.kind == "implementation"]


def _classes(loaded: Loaded, problems: list[str]) -> list[Found]:
    return _best(loaded, _of_kind(loaded, candidate_classes(loaded.program.target), problems))


def _imported_classes(loaded: Loaded, problems: list[str]) -> list[Found]:
    """Classes that the file takes from its neighbours; of several those that it names itself."""
    target, names = loaded.program.target, []
    for statement in target.statements:
        if isinstance(statement.node, ast.ImportFrom):
            module = loaded.program.user_module(target, statement.node)
            if module is None:
                continue
            theirs = set(candidate_classes(module.namespace))
            if statement.star:
                names += sorted(theirs & module.namespace.exports())
            names += [
                alias.asname or alias.name
                for alias in statement.node.names
                if alias.name in theirs or alias.name[:1].isupper()
            ]
    found = [found for found in _of_kind(loaded, names, problems) if isinstance(found.object, type)]
    called = {ast.unparse(node.func) for node in ast.walk(loaded.tree) if isinstance(node, ast.Call)}
    return [model for model in found if model.name in called] or found


def _classes_of_modules(loaded: Loaded, problems: list[str]) -> list[Found]:
    """`models.CNN` for every class of a neighbour that the file calls by the neighbour's name."""
    target, names = loaded.program.target, []
    called = [name for node in ast.walk(loaded.tree) if isinstance(node, ast.Call) and (name := dotted(node.func))]
    imports = [statement.node for statement in target.statements if isinstance(statement.node, ast.Import)]
    for alias in (alias for node in imports for alias in node.names):
        module = loaded.program.user_module(target, ast.ImportFrom(alias.name, [alias], 0))
        theirs = set(candidate_classes(module.namespace)) if module is not None else set()
        own = [name for name in called if name.rpartition(".")[0] == (alias.asname or alias.name)]
        names += [name for name in own if name.rpartition(".")[2] in theirs]
    return [found for found in _of_kind(loaded, names, problems) if isinstance(found.object, type)]


def _instances(loaded: Loaded, problems: list[str]) -> list[Found]:
    names = [
        name
        for name, call in _assigned_calls(loaded)
        if set(words(name)) & MODELS or ast.unparse(call.func).rpartition(".")[2] in ("Sequential", "transform")
    ]
    found = []
    for name in dict.fromkeys(names):
        try:
            thing = loaded.get(name)
        except RefkitError as error:
            problems.append(str(error))
            continue
        if kind := module_kind(thing):
            found.append(Found(name, kind, (thing,), line_of(loaded, name)))
        elif pair := _as_pair(thing):
            found.append(Found(name, "functions", pair, line_of(loaded, name)))
    return found


def _built(loaded: Loaded, problems: list[str]) -> list[Found]:
    """Models that functions such as `create_model()` give."""
    names = [
        s.node.name
        for s in definitions(loaded.program.target)
        if not isinstance(s.node, ast.ClassDef) and is_builder(s.node.name)
    ]
    return [built for name in names if (built := _call_builder(loaded, name)) is not None]


def _plain_classes(loaded: Loaded, problems: list[str]) -> list[Found]:
    """Classes of no framework with an init and an apply method."""
    found = []
    for statement in definitions(loaded.program.target):
        if isinstance(statement.node, ast.ClassDef):
            methods = {node.name for node in statement.node.body if isinstance(node, ast.FunctionDef)}
            if methods & {"init", "init_params"} and methods & {"apply", "forward", "__call__"}:
                pair = _plain_pair(loaded.get(statement.node.name))
                found += [Found(statement.node.name, "functions", pair, statement.line)] if pair else []
    return found


def _of_kind(loaded: Loaded, names: list[str], problems: list[str]) -> list[Found]:
    found = []
    for name in dict.fromkeys(names):
        try:
            thing = loaded.get(name)
        except RefkitError as error:
            problems.append(str(error))
            continue
        if kind := module_kind(thing):
            found.append(Found(name, kind, (thing,), line_of(loaded, name)))
    return found


def _best(loaded: Loaded, models: list[Found]) -> list[Found]:
    """Models that are no part of another, of a framework that can be read if there are any."""
    models = [model for model in models if model.kind != "other"] or models
    kept = without_parts(loaded.program.target, [model.name for model in models])
    return [model for model in models if model.name in kept]


def _assigned_calls(loaded: Loaded) -> list[tuple[str, ast.Call]]:
    """Names that top-level statements bind to what a call gives."""
    found = []
    for statement in loaded.program.target.statements:
        node = statement.node
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [(target.id, node.value) for target in targets if isinstance(target, ast.Name)]
    return found


def _call_builder(loaded: Loaded, name: str) -> Found | None:
    function = loaded.get(name)
    loaded.program.target.run_imports_for(name)
    arguments: dict[str, Any] = {}
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            if parameter.name not in GENERATORS or parameter.kind is parameter.POSITIONAL_ONLY:
                return None
            arguments[parameter.name] = _generator(parameter.name)
    try:
        with loaded.program.running():
            built = function(**arguments)
    except Exception:  # not a builder after all: whoever names it is told what is there
        return None
    if kind := module_kind(built):
        return Found(name, kind, (built,), line_of(loaded, name))
    pair = _as_pair(built)
    return Found(name, "functions", pair, line_of(loaded, name)) if pair else None


def _generator(name: str) -> Any:
    if name == "seed":
        return 0
    if name == "rngs" and "flax.nnx" in sys.modules:
        return sys.modules["flax.nnx"].Rngs(0)
    import jax

    return jax.random.key(0)


def _as_pair(thing: Any) -> tuple[Any, Any] | None:
    """`(init, apply)` of a pair of functions, or of an object that has both."""
    if isinstance(thing, type):
        return None
    init, apply = getattr(thing, "init", None), getattr(thing, "apply", None)
    if callable(init) and callable(apply) and type(thing).__module__.split(".")[0] not in ("optax", "refkit"):
        return init, apply
    if isinstance(thing, (tuple, list)) and len(thing) == 2 and all(callable(part) for part in thing):
        return tuple(thing)
    return None


def _plain_pair(cls: type) -> tuple[Any, Any] | None:
    try:
        thing = cls()
    except Exception:  # it wants arguments that we cannot know
        return None
    init = getattr(thing, "init", None) or getattr(thing, "init_params", None)
    apply = getattr(thing, "apply", None) or getattr(thing, "forward", None) or (thing if callable(thing) else None)
    return (init, apply) if callable(init) and callable(apply) else None


def _none(loaded: Loaded) -> str:
    lone = lone_applies(loaded)
    hint = (
        f"; `{lone[0]}` (line {line_of(loaded, lone[0])}) has no function beside it that makes its parameters"
        if lone
        else ""
    )
    return f"no model was found in `{loaded.shown}`, which has {loaded.list_names()}{hint}: looked for {LOOKED_FOR}"
