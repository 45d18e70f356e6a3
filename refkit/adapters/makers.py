"""Ways to make a model: one maker for each way to fill its constructor in."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters import arguments, functions, linen, nnx, roles
from refkit.adapters.arguments import Filled, annotated, callee_names, fill
from refkit.adapters.calling import is_mode, parameters_of
from refkit.adapters.companions import with_companion
from refkit.adapters.evidence import Evidence
from refkit.adapters.rebuilding import rebuilder

Maker = Callable[[], Any]


def nnx_models(
    found: Any, evidence: Evidence, sizes: dict[str, Any], kwargs: dict[str, Any] | None
) -> tuple[list[Maker], bool]:
    """A Module class with its arguments filled in; an instance made again from a key, where the file shows how."""
    (given,) = objects(found)[:1]
    if not isinstance(given, type):
        return nnx_instances(given, found, evidence, sizes, kwargs), False
    parameters = annotated(given.__init__, evidence)[1:]
    names = callee_names(evidence.tree, given.__name__)
    filled = fill(parameters, names, evidence, sizes, kwargs, framework="nnx", what=f"`{given.__name__}`")
    makers = [functools.partial(nnx.NnxModel, constructing(given, ways), given) for ways in filled]
    return makers, any(ways.guessed for ways in filled)


def nnx_instances(
    instance: Any, found: Any, evidence: Evidence, sizes: dict[str, Any], kwargs: dict[str, Any] | None
) -> list[Maker]:
    """Ways to make an instance again, and itself at last."""
    makers: list[Callable[[jax.Array], Any]] = []
    maker = evidence.namespace.get(found.name)
    if inspect.isfunction(maker):
        ways = fill(
            parameters_of(maker), {found.name}, evidence, sizes, kwargs, framework="nnx", what=f"`{found.name}`"
        )
        makers += [constructing(maker, filled) for filled in ways]
    else:
        rebuild = rebuilder(found.name, evidence)
        makers += [rebuild] if rebuild is not None else []
    return [functools.partial(nnx.NnxModel, make, type(instance)) for make in [*makers, lambda key: instance]]


def constructing(cls: type, filled: Filled) -> Callable[[jax.Array], Any]:
    return lambda key: cls(**filled.make(key))


def linen_models(
    found: Any, evidence: Evidence, sizes: dict[str, Any], kwargs: dict[str, Any] | None
) -> tuple[list[Maker], bool]:
    (given,) = objects(found)[:1]
    if not isinstance(given, type):
        return [functools.partial(linen.LinenModel, given, evidence.source)], False
    parameters = [parameter for parameter in annotated(given, evidence) if parameter.name not in ("parent", "name")]
    filled = fill(
        parameters,
        callee_names(evidence.tree, given.__name__),
        evidence,
        sizes,
        kwargs,
        framework="linen",
        what=f"`{given.__name__}`",
    )
    makers = [lambda ways=ways: linen.LinenModel(given(**ways.values), evidence.source) for ways in filled]
    return makers, any(ways.guessed for ways in filled)


def function_models(
    found: Any, evidence: Evidence, sizes: dict[str, Any], kwargs: dict[str, Any] | None
) -> tuple[list[Maker], bool]:
    """A pair of functions, or parameters that are there already and a function of them."""
    init, apply = objects(found)[:2]
    config, rest = further_arguments(apply, evidence, sizes, kwargs)
    if not callable(init):
        rebuild = rebuilder(found.name.split("/")[0], evidence)
        creates = [lambda key, data: rebuild(key)] if rebuild is not None else []
        creates.append(lambda key, data: init)
        return [functools.partial(functions.FunctionModel, create, apply, config) for create in creates], False
    name = getattr(init, "__name__", found.name.split("/")[0])
    parameters = annotated(init, evidence)
    data_names = [parameter.name for parameter in parameters if takes_data(parameter, rest)]
    taking = [parameter for parameter in parameters if parameter.name not in data_names]
    names = callee_names(evidence.tree, name) | callee_names(evidence.tree, found.name.split("/")[0])
    filled = fill(taking, names, evidence, sizes, rest, framework="jax", what=f"`{name}`")
    creates = [functions.creator(init, ways, data_names) for ways in filled]
    creates = [with_companion(create, name, apply, evidence, sizes) for create in creates]
    makers = [functools.partial(functions.FunctionModel, create, apply, config, bool(data_names)) for create in creates]
    return makers, any(ways.guessed for ways in filled)


def takes_data(parameter: inspect.Parameter, kwargs: dict[str, Any] | None) -> bool:
    """Whether an `init` wants an example to see its shape."""
    names = (
        "x",
        "inputs",
        "sample",
        "dummy",
        "example",
        "batch",
        "dummy_input",
        "sample_input",
        "example_input",
        "x0",
        "images",
    )
    return (
        parameter.default is inspect.Parameter.empty
        and parameter.name in names
        and parameter.name not in (kwargs or {})
    )


def further_arguments(
    apply: Callable, evidence: Evidence, sizes: dict[str, Any], kwargs: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the forward function wants beside parameters and data, and the user's arguments that are left for `init`.

    A configuration is found by its class or name, anything else by the file's own calls.
    """
    parameters, rest = parameters_of(apply), dict(kwargs or {})
    found = {parameter.name: rest.pop(parameter.name) for parameter in parameters if parameter.name in rest}
    names = callee_names(evidence.tree, getattr(apply, "__name__", ""))
    called = arguments.call_arguments(parameters, names, evidence)
    for parameter in parameters[1:]:
        if parameter.name in found or parameter.default is not inspect.Parameter.empty or is_mode(parameter):
            continue
        values = arguments.configuration(parameter, evidence, sizes, "jax")
        if parameter.name in called and not is_data(parameter):
            found[parameter.name] = called[parameter.name]
        elif values:
            found[parameter.name] = values[0]
    return found, rest


def is_data(parameter: inspect.Parameter) -> bool:
    """Whether a parameter is called after data, a state or parameters, whatever the file passes for it."""
    name = parameter.name.lower()
    patterns = (*roles.NAMES.values(), roles.BATCH, roles.CARRY, roles.MASK, functions.PARAMETERS, functions.STATE)
    return any(pattern.fullmatch(name) for pattern in patterns)


MAKERS = {"nnx": nnx_models, "linen": linen_models, "functions": function_models}


def objects(found: Any) -> tuple:
    return tuple(found.objects.values()) if isinstance(found.objects, dict) else tuple(found.objects)
