"""A reference put together from its source: at some options, with some bugs put in, as pure functions."""

import contextlib
import dataclasses
import functools
import math
import re
import types
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from flax import nnx

from refkit.tracing.program import Program, trace_program
from refkit.tracing.sites import Sites


@dataclasses.dataclass
class Reference:
    """One reference at one setting.

    Attributes:
        name: `lenet`.
        source: the edited source; line numbers of its sites are those of this text.
        file: the name that its sites carry.
        module: the executed source.
        config: its `Config()`.
        paths: dotted path of every leaf, parameters first and then statistics.
        shapes: shape of every leaf.
        kinds: `parameters` or `statistics`.
    """

    name: str
    model: str
    source: str
    file: str
    module: types.ModuleType
    config: Any
    paths: list[str]
    shapes: list[tuple[int, ...]]
    kinds: list[str]
    graph: Any
    trees: tuple[Any, Any]
    rest: Any

    @property
    def size(self) -> int:
        """Number of elements of all parameters and statistics."""
        return sum(math.prod(shape) for shape in self.shapes)

    @property
    def sites(self) -> Sites:
        return Sites((self.file,))

    def rebuild(self, leaves: list, training: bool = False):
        """The model with `leaves` as its parameters and statistics."""
        sizes = [len(jax.tree.leaves(tree)) for tree in self.trees]
        parameters = jax.tree.unflatten(jax.tree.structure(self.trees[0]), leaves[: sizes[0]])
        statistics = jax.tree.unflatten(jax.tree.structure(self.trees[1]), leaves[sizes[0] :])
        rest = jax.tree.map(blank, self.rest)
        model = nnx.merge(self.graph, parameters, statistics, rest)
        for node in modules_of(model):  # the graph may come from another edit of the source: see `build`
            own = self.module.__dict__.get(type(node).__name__)
            if isinstance(own, type) and type(node) is not own:
                node.__class__ = own
                node.config = self.config
        if MODES.search(self.source):
            model.train() if training else model.eval()
        return model

    def forward(self, leaves: list, *inputs):
        return self.rebuild(leaves)(*inputs)

    def loss(self, leaves: list, inputs: tuple, labels):
        return self.module.loss_fn(self.rebuild(leaves), *inputs, labels)

    def init(self, key) -> list:
        model = getattr(self.module, self.model)(self.config, nnx.Rngs(key))
        _, parameters, statistics, _ = nnx.split(model, nnx.Param, nnx.BatchStat, ...)
        return [*jax.tree.leaves(parameters), *jax.tree.leaves(statistics)]

    def trace_forward(self, inputs: list, names: list[str]) -> Program:
        """The forward pass in evaluation mode.

        Args:
            inputs: arrays or shapes, batch first.
            names: what each input is called.
        """
        leaves = [jax.ShapeDtypeStruct(shape, np.float32) for shape in self.shapes]
        function = lambda *flat: self.forward(list(flat[: len(leaves)]), *flat[len(leaves) :])
        return trace_program(function, [*leaves, *inputs], [*self.roles(), *(("input", n) for n in names)], self.sites)

    def trace_loss(self, inputs: list, names: list[str], labels) -> Program:
        leaves = [jax.ShapeDtypeStruct(shape, np.float32) for shape in self.shapes]
        function = lambda *flat: self.loss(list(flat[: len(leaves)]), flat[len(leaves) : -1], flat[-1])
        roles = [*self.roles(), *(("input", n) for n in names), ("label", "labels")]
        return trace_program(function, [*leaves, *inputs, labels], roles, self.sites)

    def roles(self) -> list[tuple[str, str]]:
        return [(kind, path) for kind, path in zip(self.kinds, self.paths, strict=True)]


def modules_of(module: nnx.Module) -> Iterator[nnx.Module]:
    """A module and those in its attributes.

    `isinstance` would ask every class that was ever made of `nnx.Module`, of which each edited source has its own.
    """
    yield module
    for part in vars(module).values():
        if nnx.Module in type(part).__mro__:
            yield from modules_of(part)


def blank(leaf):
    """A stand-in for state that is neither parameter nor statistic: keys and counts."""
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.key(0) if not leaf.shape else jax.random.split(jax.random.key(0), leaf.shape)
    return jax.numpy.zeros(leaf.shape, leaf.dtype)


def build(name: str, model: str, source: str) -> Reference:
    """Execute a reference's source and describe its model, without computing any of its values.

    Raises:
        Exception: whatever the edited source raises; some bugs do.
    """
    module = types.ModuleType(f"refkit_reference_{name}")
    file = f"{name}.py (reference)"
    exec(compiled(source, file), module.__dict__)
    config = module.Config()
    key = (name, constructor_text(source))
    if key not in BUILT:
        with jax.enable_x64(False), one_key():
            abstract = nnx.eval_shape(lambda: getattr(module, model)(config, nnx.Rngs(0)))
        BUILT[key] = nnx.split(abstract, nnx.Param, nnx.BatchStat, ...)
    graph, parameters, statistics, rest = BUILT[key]
    paths, shapes, kinds = [], [], []
    for kind, tree in (("parameters", parameters), ("statistics", statistics)):
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
            paths.append(dotted(path))
            shapes.append(tuple(leaf.shape))
            kinds.append(kind)
    return Reference(
        name, model, source, file, module, config, paths, shapes, kinds, graph, (parameters, statistics), rest
    )


@contextlib.contextmanager
def one_key() -> Iterator[None]:
    """Every draw from a stream gives the same key: a third of the time to trace a constructor, where shapes alone count."""
    drawn = nnx.RngStream.__call__
    nnx.RngStream.__call__ = lambda stream: stream.key[...]
    try:
        yield
    finally:
        nnx.RngStream.__call__ = drawn


MODES = re.compile(r"Dropout|BatchNorm|deterministic|use_running_average")  # what differs in training and evaluation
BUILT: dict[tuple[str, str], tuple] = {}
FORWARD = re.compile(r"^    def __call__\(.*?(?=^    def |^def |^class |^@|\Z)", re.MULTILINE | re.DOTALL)
FUNCTIONS = re.compile(r"^def (?:run|loss_fn)\(.*?(?=^def |^class |^@|\Z)", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^    (\w+): .* = ", re.MULTILINE)


def constructor_text(source: str) -> str:
    """The source without what only runs after construction: two edits that differ only there build equal models."""
    text = FUNCTIONS.sub("", FORWARD.sub("", source))
    unused = [name for name in FIELD.findall(text) if not re.search(rf"config\.{name}\b", text)]
    for name in unused:
        text = re.sub(rf"^    {name}: .*\n", "", text, flags=re.MULTILINE)
    return text


@functools.lru_cache(maxsize=512)
def compiled(source: str, file: str):
    return compile(source, file, "exec")


def dotted(path) -> str:
    """A tree path as `conv1.kernel`."""
    words = []
    for part in path:
        word = getattr(part, "key", getattr(part, "name", getattr(part, "idx", None)))
        if word not in (None, "value", ""):
            words.append(str(word))
    return ".".join(words)
