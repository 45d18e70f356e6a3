"""Your train step, traced once and run for a few steps in NumPy."""

import ast
import dataclasses
import functools
from typing import Any

import jax
import numpy as np

from refkit.diagnosis.probe import input_value, label_value, parameter_value
from refkit.diagnosis.sources import parsed, source_of
from refkit.diagnosis.yours import Yours
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.trace import Trace

KEY = np.array([0, 7], np.uint32)


@dataclasses.dataclass
class Taken:
    """A gradient that the step took: the value that was differentiated, and its leaves."""

    value: np.ndarray | None
    leaves: list[np.ndarray]


@dataclasses.dataclass
class Moment:
    """The state before or after a step.

    Attributes:
        leaves: of the whole state.
        parameters: leaves of the parameters, in the order of the implementation's own tree.
        memory: leaves of the optimizer's state.
        statistics: leaves of the running statistics.
        loss: that the step returned; None where it returns none.
        gradients: what it differentiated, where that was recorded.
        trace: of the step that led here.
    """

    leaves: list[np.ndarray]
    parameters: list[np.ndarray]
    memory: list[np.ndarray]
    statistics: list[np.ndarray]
    loss: np.ndarray | None = None
    gradients: list[Taken] = dataclasses.field(default_factory=list)
    trace: Trace | None = None


class Stepping:
    """Runs your step.

    Args:
        yours: your program.
        step: the train step's adapter.
        outputs: shape of the model's output for the probe's batch.
    """

    def __init__(self, yours: Yours, step: Any, outputs: tuple[int, ...]):
        self.yours, self.step, self.outputs = yours, step, outputs
        self.batch = max(len(yours.input_values[0]), step.batch)
        self.examples: list[np.ndarray] | None = getattr(step, "examples", None)
        self.initial: list[np.ndarray] | None = None
        self.shapes = yours.shapes if self.examples is None else jax.tree.leaves(step.call.tree)

    @functools.cached_property
    def paths(self) -> list[str]:
        """Of the parameters."""
        return [path for path, kind in zip(self.yours.paths, self.yours.kinds) if kind == "parameters"]

    def leaf_values(self) -> list[np.ndarray]:
        """The probe's parameters and statistics, and constants as your own `init` makes them; or `initial`."""
        yours = self.yours
        if self.initial is not None:
            return self.initial
        return [
            np.asarray(yours.constants[k]) if k in yours.constants else parameter_value(path, tuple(shape.shape), kind)
            for k, (path, shape, kind) in enumerate(zip(yours.paths, self.shapes, yours.kinds, strict=True))
        ]

    @functools.cached_property
    def state_shape(self) -> Any:
        with jax.enable_x64(False):
            return jax.eval_shape(self.start_flat, *self.shapes, key_shape())

    def start_flat(self, *flat: Any) -> Any:
        return self.step.start(jax.tree.unflatten(self.yours.tree, flat[:-1]), flat[-1])

    @functools.cached_property
    def first(self) -> Moment:
        """The state before the first step."""
        roles = [*self.yours.roles()[: len(self.yours.kinds)], ("key", "key")]
        readers = lambda *flat: self.read(self.start_flat(*flat))
        program = trace_program(readers, [*self.shapes, key_shape()], roles, self.yours.sites)
        trace = evaluate(program, [*self.leaf_values(), KEY])
        return self.moment([trace.values[node] for node in trace.outputs])

    def read(self, state: Any) -> list[Any]:
        """Leaves of a state, its parameters, its optimizer's state and statistics, and how many of each, kept aside."""
        parts = self.parts(state)
        places = {id(leaf): place for place, leaf in enumerate(parts[0])}
        self.memory_places = [places.get(id(leaf)) for leaf in parts[2]]
        self.counts = [len(part) for part in parts]
        return [leaf for part in parts for leaf in part]

    def parts(self, state: Any) -> list[list[Any]]:
        tree = self.step.parameters(state)
        return [
            jax.tree.leaves(state),
            jax.tree.leaves(tree.get("parameters", {})),
            self.step.optimizer_state(state),
            jax.tree.leaves(tree.get("statistics", {})),
        ]

    def moment(self, values: list[np.ndarray], **more: Any) -> Moment:
        parts, start = [], 0
        for count in self.counts:
            parts.append(values[start : start + count])
            start += count
        return Moment(*parts, **more)

    def inputs(self, seed: int) -> list[np.ndarray]:
        """A batch: the one that the program handed to its step, where that is recorded."""
        return self.probes(seed) if self.examples is None else self.examples

    def probes(self, seed: int) -> list[np.ndarray]:
        """A batch of made-up examples."""
        return [input_value(record, self.batch, seed) for record in self.yours.inputs]

    def input_shapes(self) -> list[jax.ShapeDtypeStruct]:
        if self.examples is not None:
            return [jax.ShapeDtypeStruct(v.shape, jax.dtypes.canonicalize_dtype(v.dtype)) for v in self.examples]
        return [jax.ShapeDtypeStruct((self.batch, *record.shape), record.dtype) for record in self.yours.inputs]

    @functools.cached_property
    def labels(self) -> np.ndarray:
        return label_value((self.batch, *self.outputs[1:]), self.step.label_dtype == "float32", self.batch)

    @functools.cached_property
    def own(self) -> Program | None:
        """The program's own loss of a whole batch in evaluation mode, and its gradients; None where it has none."""
        yours = self.yours
        implementation, kinds = yours.implementation, yours.kinds
        if implementation.loss is None and implementation.output_loss is None:
            return None
        places = [k for k, kind in enumerate(kinds) if kind == "parameters"]

        def loss(parameters, leaves, inputs, labels):
            leaves = list(leaves)
            for place, value in zip(places, parameters, strict=True):
                leaves[place] = value
            tree = jax.tree.unflatten(yours.tree, leaves)
            if implementation.loss is not None:
                return implementation.loss(tree, inputs, labels)
            return implementation.output_loss(implementation.apply(tree, *inputs), labels)

        def function(*flat):
            leaves, inputs, labels = flat[: len(kinds)], flat[len(kinds) : -1], flat[-1]
            value, grads = jax.value_and_grad(loss)([leaves[k] for k in places], leaves, inputs, labels)
            return [value, *grads]

        records = yours.inputs
        inputs = [jax.ShapeDtypeStruct((self.batch, *record.shape), record.dtype) for record in records]
        labels = jax.ShapeDtypeStruct(self.labels.shape, np.int32 if self.labels.dtype.kind == "i" else np.float32)
        try:
            return trace_program(
                function, [*yours.shapes, *inputs, labels], [*yours.roles(), ("label", "")], yours.sites
            )
        except Exception:  # noqa: BLE001: a loss may raise anything on labels that it is not for
            return None

    def own_values(self, seed: int) -> list[np.ndarray] | None:
        same = all(tuple(a.shape) == tuple(b.shape) for a, b in zip(self.shapes, self.yours.shapes, strict=True))
        if self.own is None or not same:
            return None
        trace = evaluate(self.own, [*self.leaf_values(), *self.probes(seed), self.labels])
        return [trace.values[node] for node in trace.outputs]

    def own_loss(self, seed: int) -> float | None:
        values = self.own_values(seed)
        return None if values is None else float(values[0])

    def own_gradients(self) -> list[np.ndarray] | None:
        """Of the first batch at the first parameters."""
        values = self.own_values(0)
        return None if values is None else values[1:]

    def share_by_rate(self, rate: float, count: int) -> float | None:
        """By the numbers in the file: 1 where `rate` is one of them, 1 / count where `rate` times `count` is.

        Args:
            rate: what the sum of `count` gradients is multiplied by.
        """
        numbers = [
            node.value
            for node in ast.walk(parsed(source_of(self.yours.implementation.file)))
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
        told = lambda wanted: any(number and abs(wanted / number - 1) < 1e-5 for number in numbers)
        if told(rate * count):
            return 1 / count
        return 1.0 if told(rate) else None

    def trace(self, function: Any) -> Program:
        """A step `function(state, inputs, labels, key)` as a program over flat leaves."""
        leaves, structure = jax.tree.flatten(self.state_shape)
        inputs = self.input_shapes()
        labels = jax.ShapeDtypeStruct(self.labels.shape, np.int32 if self.labels.dtype.kind == "i" else np.float32)

        def flat(*given: Any) -> Any:
            state = jax.tree.unflatten(structure, given[: len(leaves)])
            return function(state, given[len(leaves) : -2], given[-2], given[-1])

        roles = (
            [("state", "")] * len(leaves)
            + [("input", str(place)) for place in range(len(inputs))]
            + [("label", ""), ("key", "")]
        )
        return trace_program(flat, [*leaves, *inputs, labels, key_shape()], roles, self.yours.sites)

    @functools.cached_property
    def program(self) -> Program:
        """The step as it is."""

        def function(state, inputs, labels, key):
            after, loss = self.step(state, inputs, labels, key)
            self.has_loss = loss is not None
            return [*self.read(after), *([loss] if self.has_loss else [])]

        return self.trace(function)

    def inline_program(self, scale: float) -> Program:
        """The step with its gradients, nothing jitted around them."""

        def function(state, inputs, labels, key):
            after, loss, taken = self.step.inline(state, inputs, labels, key, scale)
            self.taken = [(value is not None, len(leaves)) for value, leaves in taken]
            recorded = [leaf for value, leaves in taken for leaf in [*([] if value is None else [value]), *leaves]]
            return [*self.read(after), *recorded]

        return self.trace(function)

    @functools.cached_property
    def inline(self) -> Program:
        return self.inline_program(1.0)

    @functools.cached_property
    def hot(self) -> Program:
        """The same with gradients so large that they are clipped wherever they are at all."""
        return self.inline_program(1e4)

    @functools.cached_property
    def cold(self) -> Program:
        """The same with gradients so small that none is clipped."""
        return self.inline_program(1e-4)

    def run(self, before: Moment, seed: int = 0, key: np.ndarray = KEY) -> Moment:
        """One step from a state."""
        program = self.program
        trace = evaluate(program, [*before.leaves, *self.inputs(seed), self.labels, key])
        values = [trace.values[node] for node in trace.outputs]
        loss = values.pop() if self.has_loss else None
        return self.moment(values, loss=loss, trace=trace)

    def run_inline(self, before: Moment, seed: int = 0, key: np.ndarray = KEY, heat: str = "inline") -> Moment:
        """One step from a state, with what it differentiated.

        Args:
            heat: `inline`, or `hot` or `cold` for gradients that are much larger or smaller.
        """
        program = getattr(self, heat)
        trace = evaluate(program, [*before.leaves, *self.inputs(seed), self.labels, key])
        values = [trace.values[node] for node in trace.outputs]
        taken, start = [], sum(self.counts)
        for has_value, count in self.taken:
            value = values[start] if has_value else None
            start += has_value
            taken.append(Taken(value, values[start : start + count]))
            start += count
        return self.moment(values, gradients=taken, trace=trace)


def with_memory(moment: Moment, memory: list[np.ndarray], places: list[int | None]) -> Moment:
    """The same state with another state of the optimizer.

    Args:
        places: where each leaf of it stands among those of the whole state.
    """
    leaves = list(moment.leaves)
    for place, value in zip(places, memory, strict=True):
        if place is not None:
            leaves[place] = value
    return dataclasses.replace(moment, leaves=leaves, memory=memory)


def key_shape() -> jax.ShapeDtypeStruct:
    return jax.eval_shape(lambda: jax.random.key(0))
