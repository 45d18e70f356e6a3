"""Constructor arguments, filled in from what the user gave, the file itself, and the names that we know."""

import ast
import dataclasses
import inspect
import itertools
import typing
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.adapters import roles, synonyms
from refkit.adapters.calling import typed
from refkit.adapters.evidence import Evidence
from refkit.adapters.expressions import UNKNOWN, local_values, name_of
from refkit.errors import RefkitError

LIMIT = 24
CONFIGURATIONS = ("config", "CONFIG", "cfg", "CFG", "hparams", "HPARAMS", "args", "FLAGS")
CONFIGURATION_CLASSES = ("config", "hparams", "hyper", "hyperparameters", "options", "settings", "args")
CONFIGURATION_MAKERS = ("get_config", "default_config", "get_default_config", "make_config")


@dataclasses.dataclass(frozen=True)
class FromKey:
    """An argument that is made from the key when the model is built.

    Args:
        kind: `rngs`, `key`, `raw`, `seed`, `numpy` for a `RandomState`, `numpy-generator` for a `Generator`.
    """

    kind: str

    def make(self, key: jax.Array) -> Any:
        if self.kind == "rngs":
            return nnx.Rngs(typed(key))
        if self.kind == "raw":
            return jax.random.key_data(typed(key))
        if self.kind == "seed":
            return jax.random.randint(typed(key), (), 0, 2**31 - 1)
        if self.kind == "fixed":
            return 0
        if self.kind.startswith("numpy"):
            seed = 0 if isinstance(key, jax.core.Tracer) else int(jax.random.randint(typed(key), (), 0, 2**31 - 1))
            return np.random.RandomState(seed) if self.kind == "numpy" else np.random.default_rng(seed)
        return typed(key)


@dataclasses.dataclass(frozen=True)
class Filled:
    """One way to fill the arguments in.

    Args:
        values: by name; `FromKey` where randomness goes.
        guessed: names filled by what they are called, not by the user's own text.
    """

    values: dict[str, Any]
    guessed: tuple[str, ...] = ()

    def make(self, key: jax.Array) -> dict[str, Any]:
        return {name: value.make(key) if isinstance(value, FromKey) else value for name, value in self.values.items()}


def fill(
    parameters: list[inspect.Parameter],
    names: set[str],
    evidence: Evidence,
    sizes: dict[str, Any],
    given: dict[str, Any] | None,
    *,
    framework: str,
    what: str,
) -> list[Filled]:
    """Ways to call a constructor, most plausible first.

    Args:
        parameters: those of the constructor, without `self`.
        names: what the constructor is called in the file, to find its call there.
        given: the user's `--kwargs`.
        what: for the message, such as "`MLP`".
    """
    given = dict(given or {})
    accepted = {parameter.name for parameter in parameters}
    open_ended = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    if not open_ended and set(given) - accepted:
        extra = sorted(set(given) - accepted)[0]
        raise RefkitError(
            f"{what} takes no argument `{extra}` given by `--kwargs`: it takes "
            + ", ".join(f"`{name}`" for name in sorted(accepted))
        )
    called = call_arguments(parameters, names, evidence)
    choices: dict[str, list] = {}
    guessed, missing = [], []
    for parameter in parameters:
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        name, optional = parameter.name, parameter.default is not inspect.Parameter.empty
        if name in given:
            choices[name] = [given[name]]
        elif randomness(parameter, framework, optional):
            choices[name] = [FromKey(kind) for kind in randomness(parameter, framework, optional)]
        elif name in called:
            choices[name] = [called[name]]
        elif optional:
            continue
        else:
            values = guesses(parameter, evidence, sizes, framework)
            if not values:
                missing.append(name)
            choices[name] = values
            guessed.append(name)
    if missing:
        raise RefkitError(missing_argument(what, missing, parameters))
    names_of = list(choices)
    products = itertools.islice(itertools.product(*choices.values()), LIMIT)
    extra = {name: value for name, value in given.items() if name not in accepted}
    return [Filled(dict(zip(names_of, values, strict=True)) | extra, tuple(guessed)) for values in products]


def missing_argument(what: str, missing: list[str], parameters: list[inspect.Parameter]) -> str:
    takes = ", ".join(f"`{parameter.name}`" for parameter in parameters)
    values = ", ".join(f"{name}=…" for name in missing)
    wanted = " and ".join(f"`{name}`" for name in missing)
    return f"{what} needs {wanted}, which no name we know tells (it takes {takes}): give it as `--kwargs '{values}'`"


def randomness(parameter: inspect.Parameter, framework: str, optional: bool) -> list[str]:
    """Kinds of randomness that a parameter may take, most plausible first; none where it is no key."""
    name, annotation = parameter.name.lower(), str(parameter.annotation)
    if framework == "linen":
        return []
    if isinstance(parameter.default, np.random.RandomState):
        return ["numpy"]
    if isinstance(parameter.default, np.random.Generator):
        return ["numpy-generator"]
    if "Rngs" in annotation or name == "rngs":
        return ["rngs"]
    if not roles.is_key(name):
        return []
    if name in ("seed", "random_state") or name.endswith("_seed") or parameter.annotation in (int, "int"):
        return ["seed", "fixed"]
    if name == "k" and (optional or framework != "jax"):
        return []
    if framework == "nnx" and "rng" in name:
        return ["rngs", "key"]
    return ["key", "raw"] if framework == "jax" else ["key", "rngs"]


def call_arguments(parameters: list[inspect.Parameter], names: set[str], evidence: Evidence) -> dict[str, Any]:
    """Arguments of the file's own calls of the constructor, where the text alone tells their values.

    A call at module level counts before one in a function.
    """
    positions = [
        parameter.name
        for parameter in parameters
        if parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    best: dict[str, Any] = {}
    for call in evidence.calls(names):
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            continue
        scope = local_values(call, evidence.tree)
        nodes = dict(zip(positions, call.args, strict=False))
        nodes |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        values = {name: evidence.value(node, scope) for name, node in nodes.items()}
        values = {name: value for name, value in values.items() if value is not UNKNOWN and plain(value)}
        if len(values) > len(best):
            best = values
    return best


def plain(value: Any) -> bool:
    """Sizes, flags, functions, configurations; never arrays or keys."""
    return not isinstance(value, (jax.Array, nnx.Rngs)) and not hasattr(value, "__array__")


def guesses(parameter: inspect.Parameter, evidence: Evidence, sizes: dict[str, Any], framework: str) -> list:
    """Values for a required parameter that the file nowhere shows."""
    configurations = configuration(parameter, evidence, sizes, framework)
    if configurations:
        return configurations
    annotation = parameter.annotation
    values = synonyms.candidates(parameter.name, is_sequence(annotation), sizes | {"framework": framework})
    if framework == "linen" and values and isinstance(values[0], tuple) and len(values) > 1:
        values = [*values[1:], values[0]]  # a Linen module does not say how wide its input is
    if annotation in (bool, "bool") and not values:
        return [False]
    if "list" in str(annotation).lower():
        values = [list(value) if isinstance(value, tuple) else value for value in values]
    return values


def is_sequence(annotation: Any) -> bool | None:
    if annotation is inspect.Parameter.empty or annotation in (Any, "Any"):
        return None
    if annotation in (int, float, "int", "float", bool, "bool"):
        return False
    text = str(annotation).lower()
    if any(word in text for word in ("sequence", "tuple", "list", "iterable")):
        return True
    return False if text in ("int", "float", "int | none", "typing.optional[int]", "optional[int]") else None


def configuration(parameter: inspect.Parameter, evidence: Evidence, sizes: dict[str, Any], framework: str) -> list:
    """Instances for a parameter that takes a configuration: the module's own, or made of its class's defaults."""
    annotation, names = parameter.annotation, evidence.namespace
    if isinstance(annotation, str):
        annotation = names.get(annotation.strip("'\""), annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return names.instances(annotation) or build(annotation, evidence, sizes, framework)
    if not roles.CONFIG.fullmatch(parameter.name.lower()):
        return []
    given = lambda words: [names.get(name) for name in words if name in names.assigned]
    found = given((parameter.name, parameter.name.upper()))
    for name in names.classes:
        if name.lower().endswith(CONFIGURATION_CLASSES):
            found += build(names.get(name), evidence, sizes, framework)
    found = [value for value in [*found, *given(CONFIGURATIONS)] if value is not None and not callable(value)]
    for name in CONFIGURATION_MAKERS:
        if not found and callable(names.get(name)):
            try:
                found.append(names.get(name)())
            except Exception:
                continue
    return found[:4]


def build(cls: type, evidence: Evidence, sizes: dict[str, Any], framework: str) -> list:
    """Instances of a configuration's class, its fields without a default filled in by name."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):
        return []
    choices = {}
    for parameter in parameters:
        if parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        ):
            choices[parameter.name] = guesses(parameter, evidence, sizes, framework)
    made = []
    for values in itertools.islice(itertools.product(*choices.values()), LIMIT):
        try:
            made.append(cls(**dict(zip(choices, values, strict=True))))
        except Exception:
            continue
    return made


def annotated(function: Callable, evidence: Evidence) -> list[inspect.Parameter]:
    """Parameters with their annotations resolved where they were written as text."""
    parameters = list(inspect.signature(function).parameters.values())
    try:
        hints = typing.get_type_hints(inspect.unwrap(function), evidence.namespace.variables)
    except Exception:
        return parameters
    return [parameter.replace(annotation=hints.get(parameter.name, parameter.annotation)) for parameter in parameters]


def callee_names(tree: ast.Module, name: str) -> set[str]:
    """A constructor's name and the names that the file binds to it, as in `Net = LeNet`."""
    aliases = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and name_of(node.value) == name and isinstance(node.value, ast.Name)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {name} | aliases
