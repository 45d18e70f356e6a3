"""The optimizer of a file: an optax transformation, or a triple of functions, and its state for given parameters."""

import dataclasses
import inspect
import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import nnx

from refkit.adapters import roles
from refkit.adapters.calling import parameters_of
from refkit.adapters.parts.slices import Slices
from refkit.adapters.parts.step_roles import OPTIMIZER, RATE
from refkit.adapters.parts.surroundings import Surroundings
from refkit.implementation import Part

RATE_MEANT = 1e-3  # where the file leaves it to its caller
STEPS_MEANT = 1000


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """An optimizer, as functions.

    Args:
        init: `init(params)` gives its state.
        update: `update(grads, state, params)` gives updates, to be added, and the next state.
        transformation: the optax transformation, where it is one.
    """

    init: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], tuple[Any, Any]]
    transformation: Any = None


def adapt_optimizer(surroundings: Surroundings) -> Part:
    """The file's optimizer as a part: `part.run` is an `Optimizer`."""
    found = surroundings.find("optimizer")
    thing = transformation(found.objects, surroundings, {}) if found is not None else None
    name, line = (found.name, found.line) if found is not None else ("", 0)
    if thing is None or not hasattr(thing, "init"):
        return Part("optimizer", name, None, line, "no optimizer is found: name it with `--optimizer NAME`")
    return Part("optimizer", name, Optimizer(thing.init, thing.update, thing), line)


def transformation(objects: tuple, surroundings: Surroundings, given: dict[str, Any]) -> Any:
    """The transformation, the triple or the NNX optimizer that a part of the file is or makes; None otherwise."""
    if len(objects) == 3:
        return objects
    thing = objects[-1]
    if is_transformation(thing) or isinstance(thing, nnx.Optimizer):
        return thing
    if callable(thing) and not isinstance(thing, type):
        try:
            made = thing(**filled(thing, surroundings, given))
        except Exception:  # noqa: BLE001: a maker may want anything
            return None
        made = made[0] if isinstance(made, tuple) and not is_transformation(made) else made
        return made if is_transformation(made) or isinstance(made, nnx.Optimizer) else None
    return None


def is_transformation(thing: Any) -> bool:
    init, update = getattr(thing, "init", None), getattr(thing, "update", None)
    return callable(init) and callable(update) and not isinstance(thing, (type, nnx.Optimizer, dict))


def filled(function: Callable, surroundings: Surroundings, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a function that makes something for training, by the names of its parameters.

    Args:
        given: values by role: `model`, `params`, `key`, `optimizer`.
    """
    arguments: dict[str, Any] = {}
    for parameter in parameters_of(function):
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        value = by_name(parameter, surroundings, given)
        if value is not None:
            arguments[parameter.name] = value
    return arguments


def by_name(parameter: inspect.Parameter, surroundings: Surroundings, given: dict[str, Any]) -> Any:
    name, optional = parameter.name.lower(), parameter.default is not inspect.Parameter.empty
    for pattern, role in (
        (r"(.*_)?(model|module|net|network|cnn|mlp)", "model"),
        (r"(.*_)?(params|parameters|variables)", "params"),
    ):
        if re.fullmatch(pattern, name):
            return given.get(role)
    if optional:
        return None
    if roles.is_key(name):
        return given.get("key")
    if OPTIMIZER.fullmatch(name):
        return given.get("optimizer")
    if RATE.fullmatch(name):
        return RATE_MEANT
    if re.fullmatch(r".*(steps|epochs?|iterations|total|horizon).*", name):
        return STEPS_MEANT
    if re.fullmatch(r".*(decay|wd|momentum|mass|clip|norm).*", name):
        return 0.1
    value = surroundings.evidence.namespace.get(
        parameter.name, surroundings.evidence.namespace.get(parameter.name.upper())
    )
    if value is not None:
        return value
    if roles.CONFIG.fullmatch(name):
        return configuration(parameter, surroundings)
    if re.fullmatch(r"(x|inputs?|sample.*|dummy.*|example.*|batch|images?)", name):
        return given.get("example")
    return None


def configuration(parameter: inspect.Parameter, surroundings: Surroundings) -> Any:
    from refkit.adapters.arguments import configuration as configurations

    found = configurations(parameter, surroundings.evidence, {}, surroundings.call.model.framework)
    return found[0] if found else None


def zeros_like(tree: Any) -> Any:
    import jax

    return jax.tree.map(jnp.zeros_like, tree)


def found_optimizer(surroundings: Surroundings, slices: Slices, given: dict[str, Any]) -> Any:
    """The file's optimizer by its name at the top, else by any assignment of that name in its functions."""
    import ast

    found = surroundings.find("optimizer")
    if found is not None:
        made = transformation(found.objects, surroundings, given)
        if made is not None:
            return made
    for node in ast.walk(surroundings.evidence.tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if any(OPTIMIZER.fullmatch(name.lower()) for name in names):
                try:
                    made = slices.value(node.value, node, given.get("names", {}))
                except Exception:  # noqa: BLE001: the file's own statements may want anything
                    continue
                if is_transformation(made) or isinstance(made, nnx.Optimizer):
                    return made
    return None
