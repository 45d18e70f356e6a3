"""Your program, traced: parameters, forward pass and loss as flat functions."""

import dataclasses
import functools
from typing import Any

import jax
import numpy as np

from refkit.alignment.gate_names import Said, split_order
from refkit.alignment.pairing import Leaf
from refkit.alignment.uses import first_uses
from refkit.diagnosis.sources import parsed, source_of
from refkit.implementation import Implementation, Input
from refkit.tracing.callers import Callers
from refkit.tracing.evaluate import evaluate
from refkit.tracing.program import Program, trace_program
from refkit.tracing.trace import Trace

KINDS = ("parameters", "statistics", "constants")


@dataclasses.dataclass
class Yours:
    """An implementation with everything that is computed from it once.

    Attributes:
        implementation: what it was made from.
        inputs: its inputs, with their values for a probe batch.
        tree: structure of the parameters' tree.
        leaves: every parameter and statistic, in the tree's order.
        padded: whether the probe's sequences of ids end in padding, since the program heeds it.
        masked: whether its forward pass does.
        constants: value of every leaf that is neither, by its place in the tree.
    """

    implementation: Implementation
    inputs: tuple[Input, ...]
    input_values: list[np.ndarray]
    tree: Any
    kinds: list[str]
    paths: list[str]
    shapes: list[jax.ShapeDtypeStruct]
    kept_loss: Program | None = None
    padded: bool = False
    masked: bool = False

    @functools.cached_property
    def sites(self) -> Callers:
        return Callers((self.implementation.file,), self.implementation.listed)

    @functools.cached_property
    def init_program(self) -> Program:
        key = jax.eval_shape(lambda: jax.random.key(0))
        function = lambda key: jax.tree.leaves(self.implementation.init(key))
        return trace_program(function, [key], [("key", "key")], self.sites)

    def initial(self, seed: int) -> list[np.ndarray]:
        """Its own initial values, leaf by leaf."""
        trace = self.initial_trace(seed)
        return [trace.values[node] for node in trace.outputs]

    def initial_trace(self, seed: int) -> Trace:
        return evaluate(self.init_program, [np.array([0, seed], np.uint32)])

    @functools.cached_property
    def constants(self) -> dict[int, np.ndarray]:
        places = [k for k, kind in enumerate(self.kinds) if kind == "constants"]
        if not places:
            return {}
        values = self.initial(0)
        return {k: values[k] for k in places}

    @functools.cached_property
    def uses(self) -> dict[int, int]:
        """For every parameter and statistic, by its place in the tree, its first use in the forward pass; None if unused."""
        kept = [k for k, kind in enumerate(self.kinds) if kind != "constants"]
        generator = np.random.default_rng(3)
        drawn = {k: np.abs(generator.normal(size=self.shapes[k].shape)) * 0.1 + 0.01 for k in kept}
        leaves = [self.constants[k] if k in self.constants else drawn[k] for k in range(len(self.kinds))]
        trace = evaluate(self.forward, [*leaves, *self.input_values])
        uses = first_uses(trace)
        return {k: uses[k] for k in kept if uses[k] < len(trace)}

    @functools.cached_property
    def places(self) -> list[int]:
        """Places in the tree of the leaves that are paired: those that the forward pass uses."""
        return list(self.uses)

    @functools.cached_property
    def unused(self) -> list[int]:
        """Places of parameters and statistics that the forward pass never touches."""
        return [k for k, kind in enumerate(self.kinds) if kind != "constants" and k not in self.uses]

    @functools.cached_property
    def forward(self) -> Program:
        def function(*flat):
            leaves, inputs = flat[: len(self.kinds)], flat[len(self.kinds) :]
            return self.implementation.apply(jax.tree.unflatten(self.tree, leaves), *inputs)

        inputs = [
            jax.ShapeDtypeStruct(value.shape, record.dtype)
            for record, value in zip(self.inputs, self.input_values, strict=True)
        ]
        return trace_program(function, [*self.shapes, *inputs], self.roles(), self.sites)

    @functools.cached_property
    def training(self) -> Program:
        """The forward pass in training mode; its last argument is the key."""

        def function(*flat):
            leaves, inputs = flat[: len(self.kinds)], flat[len(self.kinds) : -1]
            tree = jax.tree.unflatten(self.tree, leaves)
            return self.implementation.apply(tree, *inputs, training=True, key=flat[-1])

        inputs = [
            jax.ShapeDtypeStruct(value.shape, record.dtype)
            for record, value in zip(self.inputs, self.input_values, strict=True)
        ]
        key = jax.eval_shape(lambda: jax.random.key(0))
        return trace_program(function, [*self.shapes, *inputs, key], [*self.roles(), ("key", "key")], self.sites)

    def trace_loss(self, labels: np.ndarray) -> Program:
        """The loss of a batch, as a function of the parameters.

        Args:
            labels: `i32[batch]` or `f32[batch, outputs]`.
        """
        implementation = self.implementation

        def function(*flat):
            leaves = flat[: len(self.kinds)]
            inputs, given = flat[len(self.kinds) : -1], flat[-1]
            tree = jax.tree.unflatten(self.tree, leaves)
            if implementation.loss is not None:
                return implementation.loss(tree, inputs, given)
            return implementation.output_loss(implementation.apply(tree, *inputs), given)

        inputs = [
            jax.ShapeDtypeStruct(value.shape, record.dtype)
            for record, value in zip(self.inputs, self.input_values, strict=True)
        ]
        dtype = np.int32 if labels.dtype.kind == "i" else np.float32
        shapes = [*self.shapes, *inputs, jax.ShapeDtypeStruct(labels.shape, dtype)]
        return trace_program(function, shapes, [*self.roles(), ("label", "labels")], self.sites)

    def loss(self, labels: np.ndarray) -> Program:
        """`trace_loss`, kept until other labels are tried."""
        if self.kept_loss is None:
            self.kept_loss = self.trace_loss(labels)
        return self.kept_loss

    def forget_loss(self):
        self.kept_loss = None

    def roles(self) -> list[tuple[str, str]]:
        return [*zip(self.kinds, self.paths, strict=True), *(("input", record.name) for record in self.inputs)]

    def arguments(self, paired: list[np.ndarray], *extra) -> list[np.ndarray]:
        """The flat arguments of a program, with `paired` in the places of the paired leaves."""
        leaves: list = [self.constants.get(k, np.zeros(shape.shape)) for k, shape in enumerate(self.shapes)]
        for k, value in zip(self.places, paired, strict=True):
            leaves[k] = value
        return [*leaves, *self.input_values, *extra]

    @functools.cached_property
    def said(self) -> Said:
        """What the file's names say of gates."""
        unused = tuple((self.paths[k], tuple(self.shapes[k].shape)) for k in self.unused)
        return Said(split_order(parsed(source_of(self.implementation.file))), unused)

    @functools.cached_property
    def leaves(self) -> list[Leaf]:
        """The leaves that are paired, with their order of first use."""
        return [Leaf(self.paths[k], tuple(self.shapes[k].shape), self.kinds[k], use) for k, use in self.uses.items()]


def see(implementation: Implementation, input_values: list[np.ndarray]) -> Yours:
    """Describe `implementation` without computing any of its values."""
    with jax.enable_x64(False):
        shapes = jax.eval_shape(implementation.init, jax.random.key(0))
    flat = jax.tree_util.tree_leaves_with_path(shapes)
    kinds, paths = [], []
    for path, leaf in flat:
        words = [word_of(part) for part in path]
        kind = "parameters"
        if words and words[0] in KINDS:
            kind, words = words[0], words[1:]
        if kind != "constants" and not np.issubdtype(leaf.dtype, np.floating):
            kind = "constants"
        kinds.append(kind)
        paths.append(".".join(word for word in words if word not in ("value", "params", "")))
    return Yours(
        implementation,
        implementation.inputs,
        input_values,
        jax.tree.structure(shapes),
        kinds,
        paths,
        [leaf for _, leaf in flat],
    )


def word_of(part) -> str:
    for name in ("key", "name", "idx"):
        if hasattr(part, name):
            return str(getattr(part, name))
    return str(part)
