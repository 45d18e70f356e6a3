"""A train step with the arguments that the program itself first hands it, and with parameters of ours."""

import copy
import dataclasses
import inspect
import types
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.adapters import trees
from refkit.adapters.calling import typed
from refkit.adapters.loss_modes import missing_model
from refkit.adapters.own_training.calls import Call
from refkit.adapters.own_training.rhythm import Rhythm
from refkit.adapters.parts.carrying import Carried, has_objects, is_number, pack, replaced, unpack
from refkit.adapters.parts.old_optimizer import old_optimizer
from refkit.adapters.parts.recorded_arguments import (
    REST,
    by_name,
    found_in,
    is_data,
    is_loss,
    like_key,
    modules_of,
    names_of,
    shapes,
    zeros,
)
from refkit.adapters.parts.returned import Returned
from refkit.adapters.parts.slices import Slices
from refkit.adapters.parts.starting import Starts
from refkit.adapters.parts.step_roles import step_roles
from refkit.adapters.parts.steps import Step
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.parts.train_step import CARRIED, TrainStep, is_key
from refkit.adapters.parts.training import training_heard
from refkit.implementation import Part

RAISED = (TypeError, ValueError, IndexError, KeyError, NameError, ZeroDivisionError, jax.errors.UnexpectedTracerError)


def adapt_recorded_step(surroundings: Surroundings) -> Part:
    """The train step as the program's own training first calls it: `part.run` is a `RecordedStep`."""
    heard = training_heard(surroundings)
    call = heard.first if heard is not None else None
    if call is None:
        return Part("recorded_step", lacking="the program's own training comes to no step that is known")
    failure: Exception | None = None
    for fed in (True, False):
        try:
            found = RecordedStep(surroundings, call, fed, heard.rhythm)
            check(found)
            return Part("recorded_step", found.name, found, call.definition.lineno)
        except Exception as error:  # noqa: BLE001: the user's step may raise anything
            failure = error
    why = f"{type(failure).__name__}: {' '.join(str(failure).split())[:200]}"
    name = call.definition.name
    lacking = f"`{name}` could not be called ({why})"
    with old_optimizer(surroundings.evidence.source), missing_model(surroundings.evidence, surroundings.call):
        raised = None if call.loop else raised_by(call)
    return Part("recorded_step", name, None, call.definition.lineno, lacking, raised=raised)


def raised_by(call: Call) -> Exception | None:
    """What the step raises on what the program hands it; a jitted one is only traced."""
    function = call.function
    while isinstance(function, types.FunctionType) and hasattr(function, "refkit_function"):
        function = function.refkit_function
    try:
        getattr(function, "lower", function)(*call.positional, **call.named)
    except RAISED as error:
        return error
    except Exception:  # noqa: BLE001: what this environment lacks is no fault of the program
        return None
    return None


def check(found: "RecordedStep") -> None:
    """Run a step on shapes alone."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(found.start, found.call.tree, key)
    examples = [
        jax.ShapeDtypeStruct(value.shape, jax.dtypes.canonicalize_dtype(value.dtype)) for value in found.examples
    ]
    after, _ = jax.eval_shape(found, state, tuple(examples), None, key)
    jax.eval_shape(found.parameters, after)


class RecordedStep(TrainStep):
    """The step, fed with the batch that the program handed it.

    Args:
        surroundings: the file and its model.
        call: the program's own first call.
        fed: whether that batch is an input of the step, rather than a constant in it.
        rhythm: how the program trains by it.
    """

    def __init__(self, surroundings: Surroundings, call: Call, fed: bool, rhythm: Rhythm):
        self.surroundings, self.recorded, self.fed, self.rhythm = surroundings, call, fed, rhythm
        self.call, self.definition, self.name = surroundings.call, call.definition, call.definition.name
        self.function, self.loop = call.function, call.loop
        step = Step(self.name, call.definition, None, None, call.definition.lineno, lambda *_: call.function)
        self.starts = Starts(surroundings, Slices(surroundings), step)
        for deep in (False, True):  # what an object keeps in its attributes, only where no argument has the parameters
            self.values, self.holders = by_name(call, deep)
            self.roles = self.roles_of_values()
            self.ours = self.place_of_ours()
            if self.ours is not None or any(map(has_objects, self.values.values())):
                break
        self.call = dataclasses.replace(self.call, tree=self.own_tree())
        self.returned = Returned(step, self.roles)
        self.carried = [name for name, value in self.values.items() if self.is_carried(name, value)]
        self.static = {name: value for name, value in self.values.items() if name not in self.carried}
        self.keys = [name for name, value in self.static.items() if self.is_random(name, value)]
        leaves, self.structure = jax.tree.flatten({n: v for n, v in self.static.items() if n not in self.keys})
        self.fixed = leaves
        self.places = [k for k, leaf in enumerate(leaves) if is_data(leaf)] if fed else []
        self.examples = [np.asarray(leaves[k]) for k in self.places]

    def roles_of_values(self) -> dict[str, str]:
        plain = {name.rpartition(".")[2].strip("[]") or name: name for name in self.values}
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        found = step_roles([inspect.Parameter(word, kind) for word in plain if word.isidentifier()], self.call)
        return dict.fromkeys(self.values, "default") | {plain[word]: role for word, role in found.items()}

    def forms(self, tree: dict[str, Any]) -> list[tuple[Any, Callable[[Any], dict[str, Any]]]]:
        """The parameters as the user may keep them, and the way back to our groups."""
        model = self.call.model
        if model.framework != "nnx":
            return super().forms(tree)
        paths = model.paths["parameters"]
        return [(model.states(tree)[0], lambda made: {"parameters": trees.nest(paths, jax.tree.leaves(made))})]

    def own_tree(self) -> dict[str, Any]:
        """The model's leaves as `init` gives them, at the sizes that the program's own training has."""
        tree, model = self.call.tree, self.call.model
        if self.ours is None:
            things = modules_of([value for value in self.values.values() if has_objects(value)], model.cls)
            return shapes(model.tree_of(things[0])) if things else tree
        value = self.values[self.ours]
        form, back = next((form, back) for form, back in self.forms(zeros(tree)) if found_in(value, form))
        leaves = jax.tree.leaves(found_in(value, form)[1])
        made = tree | back(jax.tree.unflatten(jax.tree.structure(form), leaves))
        statistics = made.get("statistics")
        if model.framework == "linen" and jax.tree.leaves(statistics):
            held = next((found for each in self.values.values() if (found := found_in(each, zeros(statistics)))), None)
            if held is not None:
                made["statistics"] = jax.tree.unflatten(jax.tree.structure(statistics), jax.tree.leaves(held[1]))
        return shapes(made)

    def place_of_ours(self) -> str | None:
        """The argument that holds the model's parameters; None where objects of NNX hold them."""
        like = [form for form, _ in self.forms(zeros(self.call.tree)) if jax.tree.leaves(form)]
        order = sorted(self.values, key=lambda name: self.roles[name] not in ("params", "state"))
        for name in order:
            if not has_objects(self.values[name]) and any(found_in(self.values[name], form) for form in like):
                return name
        return None

    def is_carried(self, name: str, value: Any) -> bool:
        if has_objects(value) or name == self.ours:
            return True
        numbers = any(map(is_number, jax.tree.leaves(value)))
        return numbers and self.roles[name] in CARRIED and not isinstance(value, (int, float))

    def is_random(self, name: str, value: Any) -> bool:
        return self.roles[name] == "key" and is_key(value) or hasattr(value, "dtype") and is_key(value)

    def start(self, tree: dict[str, Any], key: jax.Array) -> Carried:
        """The state before the first step, with these parameters."""
        carried = {name: self.values[name] for name in self.carried}
        objects = {name: value for name, value in carried.items() if has_objects(value)}
        if objects:
            graph, state = nnx.split(tuple(objects.values()))
            again = nnx.merge(graph, jax.tree.unflatten(jax.tree.structure(state), jax.tree.leaves(state)))
            for thing in modules_of(again, self.call.model.cls):
                for state in self.call.model.states(tree):
                    nnx.update(thing, state)
            carried |= zip(objects, again, strict=True)
        elif self.ours is None:
            raise LookupError("no argument holds the model's parameters")
        else:
            carried[self.ours] = self.with_ours(carried[self.ours], tree)
        return pack(carried)

    def with_ours(self, value: Any, tree: dict[str, Any]) -> Any:
        model = self.call.model
        parts = [next(form for form, _ in self.forms(tree) if jax.tree.leaves(form) and found_in(value, form))]
        statistics = tree.get("statistics") if model.framework != "jax" else None
        for part in [*parts, *([statistics] if statistics and jax.tree.leaves(statistics) else [])]:
            found = found_in(value, part)
            if found:
                leaves = jax.tree.leaves(part)
                made = jax.tree.unflatten(jax.tree.structure(found[1]), leaves)
                value = replaced(value, found[0], made)
        return value

    def __call__(self, state: Carried, inputs: tuple, labels: Any, key: jax.Array) -> tuple[Carried, jax.Array | None]:
        """One step: the next state and the loss.

        Args:
            inputs: what stands in the place of `examples`.
        """
        values = unpack(state)
        leaves = list(self.fixed)
        for place, value in zip(self.places, inputs, strict=False):
            leaves[place] = value
        arguments = values | jax.tree.unflatten(self.structure, leaves)
        arguments |= {name: like_key(typed(key), self.values[name]) for name in self.keys}
        with old_optimizer(self.surroundings.evidence.source), missing_model(self.surroundings.evidence, self.call):
            result, left = self.run_with(arguments)
        if self.loop:
            after = {name: value if has_objects(value) else result.get(name, value) for name, value in values.items()}
            loss = next((value for name, value in result.items() if name not in values and is_loss(value)), None)
        else:
            after, loss = self.returned.take_apart(result, values)
        return pack(after | {name: left[name] for name in self.carried if name in left}), loss

    def run_with(self, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The result, and what the attributes of objects that hold the state are afterwards."""
        held: dict[str, Any] = {}
        for name, holder in self.holders.items():
            held[name] = copy.copy(holder)
            for attribute in vars(holder):
                vars(held[name])[attribute] = arguments[f"{name}.{attribute}"]
        given = lambda name: held[name] if name in held else arguments[name]
        positional = [
            given(f"{REST}[{k}]" if k >= len(names_of(self.recorded)) else names_of(self.recorded)[k])
            for k in range(len(self.recorded.positional))
        ]
        result = self.function(*positional, **{name: given(name) for name in self.recorded.named})
        after = {
            f"{name}.{attribute}": value for name, thing in held.items() for attribute, value in vars(thing).items()
        }
        return result, after
