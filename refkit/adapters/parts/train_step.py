"""The user's train step as a pure function of a state, whatever it takes and returns.

How it is used:

    part = implementation.part("train_step")      # `part.run` is None where there is no step; `part.lacking` says why
    state = part.run.start(tree, key)             # tree: as `implementation.init` gives it
    state, loss = part.run(state, inputs, labels, key)
    part.run.parameters(state)                   # a tree as `init` gives it, statistics and constants too
    part.run.optimizer_state(state)               # leaves of everything else that is carried

`start` and the step are traceable by JAX (`part.run.traceable` says so of the step), so `jax.jit`, `jax.make_jaxpr` and
`jax.lax.scan` apply; a state is a tree of arrays. `loss` is None where the step returns none.
The mode is the user's own.
"""

import contextlib
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from refkit.adapters import roles
from refkit.adapters.calling import parameters_of, typed
from refkit.adapters.candidates import call_by_kind
from refkit.adapters.loss_modes import missing_model
from refkit.adapters.nnx import make_key
from refkit.adapters.parts.carrying import Carried, has_objects, is_number, pack, subtree, unpack
from refkit.adapters.parts.old_optimizer import old_optimizer
from refkit.adapters.parts.recording import recorded
from refkit.adapters.parts.returned import Returned
from refkit.adapters.parts.starting import Starts
from refkit.adapters.parts.step_roles import DATA, step_roles
from refkit.adapters.parts.steps import Step
from refkit.adapters.parts.surroundings import Surroundings
from refkit.adapters.values import Plan, Values

CARRIED = ("model", "params", "state", "memory", "optimizer", "metrics", "statistics", "count", "rest")
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


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
    loop = 0  # line of the loop whose round it is, where it is no function of the file

    def __init__(
        self, surroundings: Surroundings, step: Step, starts: Starts, function: Callable, plan: Plan, labels: Callable
    ):
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
                leaves = jax.tree.leaves(value)
                if (role in CARRIED and (has_objects(value) or any(map(is_number, leaves)))) or holds_arrays(leaves):
                    carried[parameter.name] = value
                    if role not in CARRIED:
                        self.roles[parameter.name] = "memory"
                else:
                    self.static[parameter.name] = value
            return pack(carried)

    def __call__(
        self, state: Carried, inputs: tuple, labels: jax.Array, key: jax.Array
    ) -> tuple[Carried, jax.Array | None]:
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
        names = sorted(
            values,
            key=lambda name: (
                ("params", "state", "memory").index(self.roles[name])
                if self.roles[name] in ("params", "state", "memory")
                else 9
            ),
        )
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
                return tree | {
                    "statistics": jax.tree.unflatten(jax.tree.structure(statistics), jax.tree.leaves(found[1]))
                }
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


def holds_arrays(leaves: list[Any]) -> bool:
    """Whether there are arrays among the leaves of a value: tracers cannot be kept from one trace to the next."""
    return any(isinstance(leaf, jax.Array) and leaf.ndim > 0 for leaf in leaves)


def is_key(leaf: Any) -> bool:
    """Whether an array is a key, of either kind."""
    if not hasattr(leaf, "dtype"):
        return False
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key) or (
        leaf.dtype == jnp.uint32 and leaf.shape[-1:] == (2,)
    )


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
