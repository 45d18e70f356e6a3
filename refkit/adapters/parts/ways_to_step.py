"""Finding how a train step is called: by shapes alone, without computing anything."""

import ast
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax
import optax

from refkit.adapters.batches import batch_slots, indexed_with, unpacked_to
from refkit.adapters.bindings import slots_for
from refkit.adapters.calling import parameters_of
from refkit.adapters.differentiated import read_names
from refkit.adapters.labels import label_forms
from refkit.adapters.loss_roles import BATCH
from refkit.adapters.losses import abstract_arguments, label_dtypes, output_shape
from refkit.adapters.parts.composed_step import composed_steps
from refkit.adapters.parts.optimizer import RATE_MEANT
from refkit.adapters.parts.slices import Slices, argument_names
from refkit.adapters.parts.starting import Starts
from refkit.adapters.parts.step_roles import DATA, step_roles
from refkit.adapters.parts.steps import Step, steps
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.parts.train_step import TrainStep
from refkit.adapters.raised import Failure, furthest
from refkit.adapters.states import State
from refkit.adapters.values import Plan, Slot
from refkit.implementation import Part

MOST_WAYS = 40


LARGER = 48  # a batch that can be divided


def adapt_train_step(surroundings: Surroundings) -> Part:
    """The file's train step as a part: `part.run` is a `TrainStep`."""
    slices = Slices(surroundings, stand_ins(surroundings))
    tried: list[tuple[Step, list[Failure]]] = []
    own = list(steps(surroundings, slices))
    known = [step.definition for step in own if step.definition is not None]
    for step in [*own, *composed_steps(surroundings.evidence.tree, known, slices)]:
        failures: list[Failure] = []
        found = find_way(surroundings, slices, step, failures)
        if found is not None:
            found.loop = 0 if step in own else step.line
            return Part("train_step", step.name, found, step.line)
        tried.append((step, failures))
    if not tried:
        return Part("train_step", lacking="no train step found: name it with `--train-step NAME`")
    step, failures = tried[0]
    error = furthest(failures, surroundings.loaded.file).error if failures else None
    why = (
        "in no way that is known" if error is None else f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    )
    return Part("train_step", step.name, None, step.line, f"`{step.name}` could not be called ({why})")


def stand_ins(surroundings: Surroundings) -> dict[str, Any]:
    """What stands for the arguments of a maker of steps that the file never calls."""
    found = dict.fromkeys(("tx", "optimizer", "opt", "optim", "optimiser"), optax.adam(RATE_MEANT))
    if surroundings.call.model.framework == "linen":
        found |= dict.fromkeys(("model", "net", "module", "network"), surroundings.call.model.module)
    return found


def find_way(surroundings: Surroundings, slices: Slices, step: Step, failures: list[Failure]) -> TrainStep | None:
    """The first way of calling a step that runs on shapes and gives its parameters back."""
    call, evidence = surroundings.call, surroundings.evidence
    try:
        function = function_of(step, slices)
        plans = list(data_plans(surroundings, step, function))
    except Exception as error:  # noqa: BLE001: what is around the step may want anything
        failures.append(Failure(error, "loss"))
        return None
    dtypes = label_dtypes(evidence, evidence.source, "int32")
    for dtype in sorted(dtypes, key=lambda dtype: dtype != (surroundings.label_dtype or dtypes[0])):
        forms, _ = label_forms(evidence, step.definition, dtype == "int32", output_shape(call), call.swaps)
        ways = itertools.product((call.batch, LARGER), range(2 if call.model.framework == "linen" else 1))
        for batch, number in ways:
            _, inputs, labels = abstract_arguments(dataclasses.replace(call, batch=batch), dtype)
            labels = jax.ShapeDtypeStruct((batch, *labels.shape[1:]), labels.dtype)
            starts = Starts(surroundings, slices, step, number)
            for plan, form in itertools.product(plans, forms):
                if len(failures) > MOST_WAYS:
                    return None
                try:
                    found = TrainStep(surroundings, step, starts, function, plan, form.convert)
                    found.label_dtype, found.batch = dtype, batch
                    check(found, call, inputs, labels)
                    return found
                except Exception as error:  # noqa: BLE001: the user's step may raise anything where it is called wrongly
                    failures.append(Failure(error, "loss"))
    return None


def check(found: TrainStep, call: Any, inputs: tuple, labels: Any) -> None:
    """Run a step on shapes alone."""
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(found.start, call.tree, key)
    after, _ = jax.eval_shape(found, state, inputs, labels, key)
    jax.eval_shape(found.parameters, after)


def function_of(step: Step, slices: Slices) -> Callable:
    """The step's function; one that is nested is cut out of the function around it."""
    function = step.get(slices, {})
    if not callable(function):
        raise TypeError(f"`{step.name}` could not be had")
    return function


def data_plans(surroundings: Surroundings, step: Step, function: Callable) -> Iterator[Plan]:
    """Ways to hand the batch over, the likeliest first."""
    parameters = parameters_of(function)
    assigned = step_roles(parameters, surroundings.call)
    names, choices = [], []
    for parameter in parameters:
        role = assigned[parameter.name]
        if DATA.fullmatch(role):
            slots = slots_of(role, parameter, surroundings, step)
            names.append(parameter.name)
            choices.append([slot for _, slot in slots])
    combinations = sorted(itertools.product(*(range(len(choice)) for choice in choices)), key=sum)
    for combination in combinations[:12]:
        yield Plan({name: choices[k][chosen] for k, (name, chosen) in enumerate(zip(names, combination, strict=True))})


def slots_of(role: str, parameter: inspect.Parameter, surroundings: Surroundings, step: Step) -> list[tuple[str, Slot]]:
    """Values for a parameter that takes data; a batch as the step, or what it hands it on to, takes it apart."""
    call, evidence = surroundings.call, surroundings.evidence
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return [("", lambda values: (*values.data, values.labels))]
    if role != "batch":
        return slots_for(role, parameter, call, step.definition, evidence.namespace)
    keys, unpacked = [], []
    for definition in mentioned(step.definition, evidence.tree):
        for name in argument_names(definition):
            if name == parameter.name or BATCH.fullmatch(name.lower()):
                keys += indexed_with(definition, name)
                unpacked = unpacked or unpacked_to(definition, name)
    keys = [key for key in dict.fromkeys(keys) if key != "params"]
    slots = batch_slots(call.layout.inputs, keys, unpacked, call.layout.packing.keys)
    return [(note, lambda values, slot=slot: as_tree(slot(values))) for note, slot in slots]


def as_tree(batch: Any) -> Any:
    """A batch with attributes as a tree of arrays, which a jitted step can take."""
    return State(vars(batch), {}) if isinstance(batch, SimpleNamespace) else batch


def mentioned(definition: ast.AST | None, tree: ast.Module) -> list[ast.AST]:
    """A function, and those of the file that it calls or hands on, through others too."""
    defined = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    waiting, found = [definition] if definition is not None else [], []
    while waiting:
        node = waiting.pop(0)
        if node not in found:
            found.append(node)
            waiting += [defined[name] for name in sorted(read_names(node)) if name in defined]
    return found
