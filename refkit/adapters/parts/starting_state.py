"""The train state that a step is first called with: by the file's own function, else put together."""

import ast
import inspect
import re
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from flax.training import train_state

from refkit.adapters.batches import unpacked_to
from refkit.adapters.parts.carrying import has_objects, replaced, subtree
from refkit.adapters.parts.optimizer import filled
from refkit.adapters.parts.step_roles import own_role

if TYPE_CHECKING:
    from refkit.adapters.parts.starting import Given

STATE_MAKER = re.compile(
    r"(create|init|initiali[sz]e|make|new|get|build|setup)_?(\w*_)?state|\w*init\w*state|train_state|create|init_training"
)


def state_of(given: "Given", parameter: inspect.Parameter) -> Any:
    """The train state: what the step takes it apart to, by the file's own function, else put together."""
    parts = unpacked_to(given.starts.step.definition, parameter.name)
    if len(parts) > 1:
        return tuple_of(given, parts)
    found = made_state(given)
    return put_together(given, parameter) if found is None else found


def tuple_of(given: "Given", names: list[str]) -> tuple:
    """The values of `params, opt_state = carry`."""
    found, values = {}, []
    for name in names:
        parameter = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        found[name] = own_role(parameter, found, given.starts.surroundings.call) or "memory"
        values.append(given.key if found[name] == "key" else given.of(parameter, found[name]))
    return tuple(values)


def made_state(given: "Given") -> Any:
    evidence = given.starts.surroundings.evidence
    example = given.starts.surroundings.call.example(1).positional
    for node in evidence.tree.body:
        if isinstance(node, ast.FunctionDef) and STATE_MAKER.fullmatch(node.name.lower()):
            function = evidence.namespace.get(node.name)
            values = {
                "model": given.model_value,
                "params": given.params_value,
                "key": given.key,
                "example": example[0] if example else None,
            }
            try:
                values["optimizer"] = given.optimizer()
                made = function(**filled(function, given.starts.surroundings, values))
            except Exception:  # noqa: BLE001: it may want anything
                continue
            for entry in made if type(made) is tuple else (made,):
                if subtree(entry, given.params_value) or has_objects(entry):
                    return entry
    return None


def put_together(given: "Given", parameter: inspect.Parameter) -> Any:
    """A state of the class that the file names, else a `TrainState`."""
    evidence = given.starts.surroundings.evidence
    annotated = parameter.annotation if isinstance(parameter.annotation, type) else None
    classes = [annotated, *(evidence.namespace.get(name) for name in evidence.namespace.classes)]
    classes = [cls for cls in classes if isinstance(cls, type) and is_state_class(cls)]
    fields = fields_of(given)
    apply = given.of(parameter, "apply")
    for cls in [*classes, train_state.TrainState]:
        optimizer = given.optimizer()
        if issubclass(cls, train_state.TrainState):
            more = {name: fields[name] for name in own_fields(cls) if name in fields}
            return cls.create(apply_fn=apply, params=given.params_value, tx=optimizer, **more)
        names = own_fields(cls)
        values = {
            "opt_state": lambda: optimizer.init(given.params_value),
            **{k: lambda k=k: fields[k] for k in fields},
        }
        if all(name in values for name in names):
            return cls(**{name: values[name]() for name in names})
    return None


def fields_of(given: "Given") -> dict[str, Any]:
    statistics, zero = given.statistics(), jnp.zeros((), jnp.int32)
    keys = dict.fromkeys(("key", "rng", "dropout_key", "dropout_rng", "prng_key", "rng_key"), given.key)
    return {
        "params": given.params_value,
        "batch_stats": statistics,
        "model_state": statistics,
        "state": statistics,
        "step": zero,
        "count": zero,
        "t": zero,
        **keys,
    }


def with_ours(given: "Given", value: Any) -> Any:
    """The same with our parameters and statistics in the place of the file's own."""
    if has_objects(value) or value is None:
        return value
    if given.framework == "jax":
        parts = [given.params_value, given.starts.model.restore(given.tree)]
    else:
        parts = given.forms()
    for ours in parts:
        if jax.tree.leaves(ours) and (found := subtree(value, ours)):
            value = replaced(value, found[0], jax.tree.unflatten(jax.tree.structure(found[1]), jax.tree.leaves(ours)))
            break
    statistics = given.statistics()
    if statistics and jax.tree.leaves(statistics) and (found := subtree(value, statistics)):
        leaves = jax.tree.leaves(statistics)
        value = replaced(value, found[0], jax.tree.unflatten(jax.tree.structure(found[1]), leaves))
    return value


def is_tree(thing: Any) -> bool:
    return thing is not None and (has_objects(thing) or any(hasattr(leaf, "shape") for leaf in jax.tree.leaves(thing)))


def is_state_class(cls: type) -> bool:
    names = own_fields(cls)
    return "params" in names and (issubclass(cls, train_state.TrainState) or "opt_state" in names)


def own_fields(cls: type) -> list[str]:
    fields = getattr(cls, "_fields", None) or list(getattr(cls, "__dataclass_fields__", {}))
    if issubclass(cls, train_state.TrainState):
        return [name for name in fields if name not in ("step", "apply_fn", "params", "tx", "opt_state")]
    return list(fields)
