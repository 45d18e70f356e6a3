"""What each parameter of a loss is given: the model, its parameters, data, labels, a key."""

import ast
import inspect
import itertools
import re
from typing import Any

import jax.numpy as jnp

from refkit.adapters import roles
from refkit.adapters.batches import batch_slots, indexed_with, unpacked_to
from refkit.adapters.loss_roles import APPLY, CLASSES, MODEL, PARAMS, STATE, STATISTICS, assign_roles
from refkit.adapters.names import Names
from refkit.adapters.search import Call
from refkit.adapters.states import State
from refkit.adapters.values import Plan, Slot, Values, own_order, packed_inputs


def model_slots(call: Call, parameter: inspect.Parameter) -> list[Slot]:
    """Values for a parameter called after the model."""
    if call.model.framework == "nnx":
        return [lambda values: values.call.model.module(values.tree, values.training, values.key)]
    if call.model.framework == "linen":
        return [lambda values: values.call.model.module, lambda values: bound(values)]
    return [lambda values: values.call.model.arguments(values.tree)[0], lambda values: values.call.model.forward]


def bound(values: Values):
    model = values.call.model
    return model.module.bind(model.variables(values.tree), rngs=model.rngs(values.random))


def params_slots(call: Call, name: str) -> list[Slot]:
    """Values for a parameter called after the parameters."""
    if call.model.framework == "nnx":
        return [
            lambda values: values.call.model.states(values.tree)[0],
            lambda values: values.call.model.whole_state(values.tree),
            lambda values: values.call.model.module(values.tree, values.training, values.key),
        ]
    if call.model.framework == "linen":
        bare, full = (
            (lambda values: values.tree["parameters"]),
            (lambda values: values.call.model.variables(values.tree)),
        )
        return [full, bare] if re.fullmatch(r"(.*_)?(variables|vars|v)", name) else [bare, full]
    return [
        lambda values: values.call.model.arguments(values.tree)[0],
        lambda values: values.call.model.restore(values.tree),
    ]


def statistics_slot(values: Values) -> Any:
    model = values.call.model
    if model.framework == "jax":
        return model.arguments(values.tree)[1]
    if model.framework == "nnx":
        return model.states(values.tree)[1]
    return values.tree.get("statistics", {})


def state_slot(values: Values) -> Any:
    """A train state: parameters, statistics, step, key; what applies them."""
    model = values.call.model
    arrays = {
        "step": jnp.zeros((), jnp.int32),
        "opt_state": (),
        "key": values.random,
        "rng": values.random,
        "dropout_key": values.random,
        "dropout_rng": values.random,
    }
    fixed: dict[str, Any] = {"tx": None, "optimizer": None}
    if model.framework == "linen":
        statistics = values.tree.get("statistics", {})
        arrays |= {
            "params": values.tree["parameters"],
            "batch_stats": statistics,
            "stats": statistics,
            "model_state": statistics,
        }
        fixed["apply_fn"] = model.module.apply
    elif model.framework == "jax":
        parameters, state = model.arguments(values.tree)
        arrays |= {"params": parameters, "state": state, "batch_stats": state}
        fixed["apply_fn"] = model.forward
    else:
        arrays |= {"params": model.states(values.tree)[0], "batch_stats": model.states(values.tree)[1]}
        fixed |= {"model": model.module(values.tree, values.training, values.key), "graphdef": model.graph}
        arrays |= dict.fromkeys(("rest", "other", "others", "other_state"), model.rest(values.tree))
    return State(arrays, fixed)


def owner(values: Values, cls: Any) -> Any:
    """A stand-in for the trainer whose method a loss is in: its methods, and the model under any name that suits one.

    Args:
        cls: the trainer's class, or the model's own.
    """
    model = values.call.model
    if isinstance(cls, type) and cls is model.cls and model.framework == "nnx":
        return model.module(values.tree, values.training, values.key)

    def missing(instance: Any, name: str) -> Any:
        for pattern, slots in (
            (APPLY, [apply_slot]),
            (PARAMS, params_slots(values.call, name)),
            (STATISTICS, [statistics_slot]),
            (STATE, [state_slot]),
            (MODEL, model_slots(values.call, None)),
        ):
            if pattern.fullmatch(name.lower().strip("_")):
                return slots[0](values)
        raise AttributeError(f"`{name}` is not known before the program runs")

    base = cls if isinstance(cls, type) else object
    try:
        return object.__new__(type(base.__name__, (base,), {"__getattr__": missing}))
    except TypeError:
        return object.__new__(type("Owner", (), {"__getattr__": missing}))


def apply_slot(values: Values) -> Any:
    model = values.call.model
    return model.module.apply if model.framework == "linen" else getattr(model, "forward", None)


def plans(
    parameters: list[inspect.Parameter],
    call: Call,
    definition: ast.AST | None,
    namespace: Names,
    differentiated: str = "",
) -> list[Plan]:
    """Ways to fill the parameters of a loss over the model or its parameters, most plausible first.

    Args:
        definition: syntax of the loss, for what it does with its batch.
        differentiated: the parameter that must be the model or its parameters, where it is known.
    """
    inputs = call.layout.inputs
    choices: list[list[tuple[str, Slot]]] = []
    names: list[str] = []
    assigned_roles = assign_roles(parameters, inputs, own_order(call), differentiated)
    for parameter, role in zip(parameters, assigned_roles, strict=True):
        slots = slots_for(role, parameter, call, definition, namespace)
        if slots is None:
            continue
        names.append(parameter.name)
        choices.append(slots)
    combinations = sorted(itertools.product(*(range(len(choice)) for choice in choices)), key=sum)
    return [
        Plan(
            {
                name: choices[index][chosen][1]
                for index, (name, chosen) in enumerate(zip(names, combination, strict=True))
            }
        )
        for combination in combinations[:40]
    ]


def slots_for(
    role: str, parameter: inspect.Parameter, call: Call, definition: ast.AST | None, namespace: Names
) -> list[tuple[str, Slot]] | None:
    """Values for a role; None where the parameter is left to its default."""
    name = parameter.name
    unnamed = lambda slots: [("", slot) for slot in slots]
    made = next((extra.make for extra in call.extras if extra.name == name), None)
    if made is not None:
        return unnamed([lambda values: made(values.inputs[0].shape[0], call.steps)])
    if role == "default":
        return None
    if role == "model":
        return unnamed(model_slots(call, parameter))
    if role == "params":
        return unnamed(params_slots(call, name))
    if role == "model-or-params":
        both = params_slots(call, name) if call.model.framework != "nnx" else model_slots(call, parameter)
        return unnamed(
            [*both, *(model_slots(call, parameter) if call.model.framework != "nnx" else params_slots(call, name))]
        )
    if role == "graph":
        return unnamed([lambda values: values.call.model.graph])
    if role == "rest":
        return unnamed([lambda values: values.call.model.rest(values.tree)])
    if role == "state":
        whole = [lambda values: values.call.model.whole_state(values.tree)] if call.model.framework == "nnx" else []
        return unnamed([*whole, state_slot, statistics_slot])
    if role == "statistics":
        return unnamed([statistics_slot, state_slot])
    if role == "apply":
        return unnamed(
            [apply_slot, lambda values: values.call.model.module if values.call.model.framework == "linen" else None]
        )
    if role == "labels":
        return unnamed([lambda values: values.labels])
    if role.startswith("input:"):
        index = int(role[6:])
        return unnamed([lambda values: values.data[index]])
    if role == "inputs":
        return unnamed([packed_inputs, lambda values: values.in_order, lambda values: tuple(reversed(values.in_order))])
    if role == "self":
        return unnamed([lambda values: owner(values, parameter.annotation)])
    if role == "batch":
        keys, unpacked = indexed_with(definition, name), unpacked_to(definition, name)
        return batch_slots(call.layout.inputs, keys, unpacked, call.layout.packing.keys)
    if role == "mode":
        return unnamed([lambda values: roles.mode(name, values.training)])
    if role == "key":
        if parameter.default is not inspect.Parameter.empty:
            return unnamed([lambda values: parameter.default if values.key is None else values.random])
        return unnamed([lambda values: values.random])
    if role == "weighting":  # one for each class, or for each example
        return unnamed(
            [lambda values: jnp.ones(values.call.output.shape[-1]), lambda values: jnp.ones(values.labels.shape[0])]
        )
    if CLASSES.fullmatch(name.lower()):
        return unnamed([lambda values: values.call.output.shape[-1]])
    given = getattr(call.model, "config", {})
    value = given[name] if name in given else namespace.get(name, namespace.get(name.upper()))
    return unnamed([lambda values: value])
