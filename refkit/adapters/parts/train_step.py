"""The user's train step as a pure function of a state, whatever it takes and returns.

How it is used:

    part = implementation.part("train_step")      # `part.run` is None where there is no step; `part.lacking` says why
    state = part.run.start(tree, key)             # tree: as `implementation.init` gives it
    state, loss = part.run(state, inputs, labels, key)
    part.run.parameters(state)                    # a tree as `implementation.init` gives it, statistics and constants too
    part.run.optimizer_state(state)               # leaves of everything else that is carried

`start` and the step are traceable by JAX (`part.run.traceable` says so of the step), so `jax.jit`, `jax.make_jaxpr` and
`jax.lax.scan` apply; a state is a tree of arrays. `loss` is None where the step returns none. The mode is the user's own.
"""

import ast
import contextlib
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from refkit.adapters import roles
from refkit.adapters.batches import batch_slots, indexed_with, unpacked_to
from refkit.adapters.bindings import slots_for
from refkit.adapters.calling import parameters_of, typed
from refkit.adapters.candidates import call_by_kind
from refkit.adapters.differentiated import read_names
from refkit.adapters.labels import label_forms
from refkit.adapters.loss_modes import missing_model
from refkit.adapters.loss_roles import BATCH
from refkit.adapters.losses import abstract_arguments, label_dtypes, output_shape
from refkit.adapters.nnx import make_key
from refkit.adapters.parts.carrying import Carried, has_objects, is_number, pack, subtree, unpack
from refkit.adapters.parts.old_optimizer import old_optimizer
from refkit.adapters.parts.optimizer import RATE_MEANT
from refkit.adapters.parts.recording import recorded
from refkit.adapters.parts.returned import Returned
from refkit.adapters.parts.slices import Slices, argument_names
from refkit.adapters.parts.starting import Starts
from refkit.adapters.parts.step_roles import DATA, step_roles
from refkit.adapters.parts.steps import Step, steps
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.raised import Failure, furthest
from refkit.adapters.states import State
from refkit.adapters.values import Plan, Slot, Values
from refkit.implementation import Part

CARRIED = ("model", "params", "state", "memory", "optimizer", "metrics", "statistics", "count", "rest")
MOST_WAYS = 40
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
LARGER = 48  # a batch that can be divided


class TrainStep:
    """One way to call a train step.

    Args:
        surroundings: the file and its model.
        step: the step in it.
        starts: first values of what it carries.
        function: it, decorators included.
        plan: a value for each parameter that takes data.
        labels: from the reference's form to the user's.
    """

    traceable = True
    label_dtype = "int32"
    batch = 0  # examples that a step was tried with

    def __init__(self, surroundings: Surroundings, step: Step, starts: Starts, function: Callable, plan: Plan, labels: Callable):
        self.surroundings, self.step, self.starts, self.function = surroundings, step, starts, function
        self.plan, self.labels = plan, labels
        self.call, self.definition, self.name = surroundings.call, step.definition, step.name
        self.parameters_taken = [p for p in parameters_of(function) if p.kind is not inspect.Parameter.VAR_KEYWORD]
        self.roles = step_roles(self.parameters_taken, self.call)
        self.returned = Returned(step, self.roles)
        self.static: dict[str, Any] = {}

    def start(self, tree: dict[str, Any], key: jax.Array) -> Carried:
        """The state before the first step, with these parameters.

        Args:
            tree: as `implementation.init` gives it.
        """
        with old_optimizer(self.surroundings.evidence.source), missing_model(self.surroundings.evidence, self.call):
            given = self.starts.given(tree, key, self.roles)
            carried: dict[str, Any] = {}
            for parameter in self.parameters_taken:
                role = self.roles[parameter.name]
                if DATA.fullmatch(role) or role in ("key", "mode"):
                    continue
                value = given.of(parameter, role)
                if value is None and parameter.default is not inspect.Parameter.empty:
                    continue
                if role in CARRIED and (has_objects(value) or any(map(is_number, jax.tree.leaves(value)))):
                    carried[parameter.name] = value
                else:
                    self.static[parameter.name] = value
            return pack(carried)

    def __call__(self, state: Carried, inputs: tuple, labels: jax.Array, key: jax.Array) -> tuple[Carried, jax.Array | None]:
        """One step: the next state and the loss.

        Args:
            inputs: a batch in the reference's convention.
            labels: `i32[batch]` or `f32[batch, outputs]`.
        """
        values = unpack(state)
        arguments = dict(values) | self.static
        given = Values(self.call, {}, tuple(inputs), self.labels(labels), key, True)
        arguments |= self.plan.arguments(given)
        for parameter in self.parameters_taken:
            role = self.roles[parameter.name]
            if role == "key":
                arguments[parameter.name] = make_key(parameter.name, typed(key))
            elif role == "mode" and parameter.default is inspect.Parameter.empty:
                arguments[parameter.name] = roles.mode(parameter.name, True)
        with old_optimizer(self.surroundings.evidence.source), missing_model(self.surroundings.evidence, self.call):
            result = self.call_with(arguments)
        after, loss = self.returned.take_apart(result, values)
        return pack(after), loss

    def call_with(self, arguments: dict[str, Any]) -> Any:
        """The step's result; what `*batch` takes is put behind the rest."""
        rest = next((p.name for p in self.parameters_taken if p.kind is inspect.Parameter.VAR_POSITIONAL), None)
        if rest is None or rest not in arguments:
            return call_by_kind(self.function, arguments)
        given = dict(arguments)
        more = given.pop(rest)
        before = [given.pop(p.name) for p in self.parameters_taken if p.name in given and p.kind in POSITIONAL]
        return self.function(*before, *more, **given)

    def inline(self, state: Carried, inputs: tuple, labels: jax.Array, key: jax.Array, scale: float = 1.0) -> tuple:
        """One step with everything that is jitted run in its place, and what it differentiated.

        Args:
            scale: what every gradient is multiplied by before the step goes on with it.

        Returns:
            The next state, the loss, and for every gradient taken the value and the gradients' leaves.
        """
        with recorded(self.surroundings.evidence, scale) as taken:
            after, loss = self(state, inputs, labels, key)
        return after, loss, [(entry.value, entry.leaves) for entry in taken]

    def parameters(self, state: Carried) -> dict[str, Any]:
        """Parameters, statistics and constants, as `implementation.init` gives them."""
        values = unpack(state)
        model = self.call.model
        if model.framework == "nnx":
            for value in [*values.values(), *self.static.values()]:
                if isinstance(value, model.cls) and isinstance(value, nnx.Module):
                    return model.tree_of(value)
            for graph in self.static.values():
                for value in values.values():
                    with contextlib.suppress(Exception):
                        merged = nnx.merge(graph, value)
                        found = [merged, *(merged if isinstance(merged, tuple) else ())]
                        return model.tree_of(next(part for part in found if isinstance(part, model.cls)))
        tree = {group: part for group, part in model_tree(self).items()}
        names = sorted(values, key=lambda name: ("params", "state", "memory").index(self.roles[name])
                       if self.roles[name] in ("params", "state", "memory") else 9)
        for name in names:
            value = unpacked_triple(self, values[name])
            for form, back in self.forms(tree):
                if found := subtree(value, form):
                    leaves = jax.tree.unflatten(jax.tree.structure(form), jax.tree.leaves(found[1]))
                    return self.with_statistics(tree | back(leaves), values)
        raise LookupError("the state holds no parameters")

    def forms(self, tree: dict[str, Any]) -> list[tuple[Any, Callable[[Any], dict[str, Any]]]]:
        """The parameters as the user may keep them, and the way back to our groups."""
        model = self.call.model
        if model.framework == "linen":
            full = model.variables(tree)
            return [(full, lambda v: groups_of(model, v)), (tree["parameters"], lambda p: {"parameters": p})]
        restored = model.restore(tree)
        found = [(restored, lambda made: model.tree_of(made))]
        if model.returned_pair:
            found.append((restored[0], lambda made: model.tree_of((made, restored[1]))))
        return found

    def with_statistics(self, tree: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        statistics = tree.get("statistics")
        if self.call.model.framework != "linen" or not jax.tree.leaves(statistics):
            return tree
        for value in values.values():
            if found := subtree(value, statistics):
                return tree | {"statistics": jax.tree.unflatten(jax.tree.structure(statistics), jax.tree.leaves(found[1]))}
        return tree

    def statistics(self, state: Carried) -> Any:
        return self.parameters(state).get("statistics", {})

    def optimizer_state(self, state: Carried) -> list[jax.Array]:
        """Leaves that are carried and are neither parameters, nor statistics, nor keys."""
        values = unpack(state)
        found: list[jax.Array] = []
        for name, value in values.items():
            role = self.roles[name]
            if isinstance(value, nnx.Optimizer):
                found += [leaf for leaf in jax.tree.leaves(nnx.state(value, nnx.optimizer.OptState))]
            elif role == "memory":
                found += jax.tree.leaves(value)
            elif role == "state" and hasattr(value, "opt_state"):
                found += jax.tree.leaves(value.opt_state)
            elif role == "state" and not has_objects(value):
                tree = self.parameters(state)
                known = {id(leaf) for leaf in jax.tree.leaves(tree)}
                found += [leaf for leaf in jax.tree.leaves(value) if id(leaf) not in known and not is_key(leaf)]
        return [leaf for leaf in found if is_number(leaf)]


def is_key(leaf: Any) -> bool:
    """Whether an array is a key, of either kind."""
    if not hasattr(leaf, "dtype"):
        return False
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) or (leaf.dtype == jnp.uint32 and leaf.shape[-1:] == (2,))


def model_tree(step: TrainStep) -> dict[str, Any]:
    """Zeros for every leaf of the model."""
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), step.call.tree)


def groups_of(model: Any, variables: dict[str, Any]) -> dict[str, Any]:
    constants = {name: part for name, part in variables.items() if name not in ("params", "batch_stats")}
    found = {"parameters": variables["params"]}
    found |= {"statistics": variables["batch_stats"]} if "batch_stats" in variables else {}
    return found | ({"constants": constants} if constants else {})


def unpacked_triple(step: TrainStep, value: Any) -> Any:
    """The parameters in the state of an optimizer of `jax.example_libraries`."""
    found = step.surroundings.find("optimizer")
    if found is not None and len(found.objects) == 3 and type(value).__name__ == "OptimizerState":
        return found.objects[2](value)
    return value


def adapt_train_step(surroundings: Surroundings) -> Part:
    """The file's train step as a part: `part.run` is a `TrainStep`."""
    slices = Slices(surroundings, stand_ins(surroundings))
    tried: list[tuple[Step, list[Failure]]] = []
    for step in steps(surroundings, slices):
        failures: list[Failure] = []
        found = find_way(surroundings, slices, step, failures)
        if found is not None:
            return Part("train_step", step.name, found, step.line)
        tried.append((step, failures))
    if not tried:
        return Part("train_step", lacking="no train step found: name it with `--train-step NAME`")
    step, failures = tried[0]
    error = furthest(failures, surroundings.loaded.file).error if failures else None
    why = "in no way that is known" if error is None else f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
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
