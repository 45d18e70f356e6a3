"""Flax NNX: a Module's state split off, and put back inside the traced function."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from refkit.adapters import trees
from refkit.adapters.calling import Data, by_name, data_parameters, forward_method, mode_arguments, parameters_of, typed

GROUPS = ("parameters", "statistics", "constants")


class NnxModel:
    """A Module, given by a function that constructs it from a key.

    Random state is rebuilt wherever the module is used: a count that was made outside a traced function must not be
    advanced inside it.
    """

    framework = "nnx"
    tree: dict[str, Any] | None = None
    gives_output = False
    needs_data = False

    def __init__(self, construct: Callable[[jax.Array], nnx.Module], cls: type):
        self.construct, self.cls = construct, cls
        self.function = forward_method(cls)
        self.forward_parameters = parameters_of(self.function)[1:]
        self.data_parameters = data_parameters(self.forward_parameters)
        self.graph, self.structures, self.paths, self.random = None, {}, {}, None
        self.nodes: dict[tuple, nnx.Module] = {}
        self.copied: Callable[[Any, Any], None] | None = None

    def init(self, key: jax.Array, data: Data | None = None) -> dict[str, Any]:
        module = self.construct(typed(key))
        mark_arrays(module)
        self.nodes = modules_in(module)
        self.graph, *states, random = parted(module)
        tree = {}
        for group, state in zip(GROUPS, states, strict=True):
            found, self.structures[group] = jax.tree_util.tree_flatten_with_path(state)
            self.paths[group] = [tuple(named(entry) for entry in path if named(entry) is not None) for path, _ in found]
            if found:
                tree[group] = trees.nest(self.paths[group], [leaf for _, leaf in found])
        leaves, structure = jax.tree.flatten(random)
        self.random = ([(leaf.shape, leaf.dtype) for leaf in leaves], structure)
        return tree

    def module(self, tree: dict[str, Any], training: bool, key: jax.Array | None) -> nnx.Module:
        """The module with these leaves, in the mode asked for."""
        module = nnx.merge(self.graph, *self.states(tree), self.random_state(key))
        for path, copy in modules_in(module).items() if self.copied is not None else ():
            self.copied(self.nodes.get(path), copy)
        module.train() if training else module.eval()
        return module

    def constructed(self, tree: dict[str, Any], key: jax.Array | None) -> nnx.Module:
        """The module with these leaves, in the mode in which its constructor leaves it."""
        return nnx.merge(self.graph, *self.states(tree), self.random_state(key))

    def tree_of(self, module: nnx.Module) -> dict[str, Any]:
        """The leaves of a module, as `init` gives them."""
        tree = {}
        for group, state in zip(GROUPS, parted(module)[1:-1], strict=True):
            if leaves := jax.tree.leaves(state):
                tree[group] = trees.nest(self.paths[group], leaves)
        return tree

    def states(self, tree: dict[str, Any]) -> list[nnx.State]:
        """Parameters, statistics and constants as NNX has them."""
        return [
            jax.tree.unflatten(self.structures[group], [trees.look_up(tree[group], path) for path in self.paths[group]])
            for group in GROUPS
        ]

    def rest(self, tree: dict[str, Any]) -> nnx.State:
        """All but the parameters."""
        return nnx.merge_state(*self.states(tree)[1:], self.random_state(None))

    def whole_state(self, tree: dict[str, Any]) -> nnx.State:
        return nnx.merge_state(*self.states(tree), self.random_state(None))

    def random_state(self, key: jax.Array | None):
        key = jax.random.key(0) if key is None else typed(key)
        shapes, structure = self.random
        leaves = [
            keys_like(jax.random.fold_in(key, number), shape)
            if jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)
            else jnp.zeros(shape, dtype)
            for number, (shape, dtype) in enumerate(shapes)
        ]
        return jax.tree.unflatten(structure, leaves)

    def run(self, tree: dict[str, Any], data: Data, training: bool, key: jax.Array | None) -> Any:
        module = self.module(tree, training, key)
        modes = mode_arguments(self.forward_parameters, training, key, make_key)
        positional, named = by_name(self.data_parameters, data.positional, data.named)
        return self.function(module, *positional, **named, **modes)


def mark_arrays(module: nnx.Module) -> None:
    """Mark the arrays that modules keep as data: while it is traced, NNX takes one for a static attribute."""
    for _, node in list(nnx.iter_graph(module)):
        if isinstance(node, nnx.Module):
            traced = {name: value for name, value in vars(node).items() if isinstance(value, jax.core.Tracer)}
            for name, value in traced.items():
                setattr(node, name, nnx.data(value))


def modules_in(module: nnx.Module) -> dict[tuple, nnx.Module]:
    """Every module inside of one, by its path."""
    return {path: node for path, node in nnx.iter_graph(module) if isinstance(node, nnx.Module)}


def parted(module: nnx.Module) -> tuple:
    """Graph, parameters, statistics, constants and random state."""
    return nnx.split(module, trainable(module), nnx.BatchStat, is_no_key, nnx.RngState)


def trainable(module: nnx.Module) -> Any:
    """`nnx.Param`, or the variables of the program's own kinds where it has no other parameters."""
    kinds = {type(value) for _, value in nnx.iter_graph(module) if isinstance(value, nnx.Variable)}
    if any(issubclass(kind, nnx.Param) for kind in kinds):
        return nnx.Param
    library = (nnx.BatchStat, nnx.RngState, nnx.Cache, nnx.Intermediate, nnx.Perturbation)
    own = [kind for kind in kinds if not issubclass(kind, library)]
    return tuple(own) or nnx.Param


def is_no_key(path, value) -> bool:
    return not nnx.filterlib.to_predicate(nnx.RngState)(path, value)


def keys_like(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    return jax.random.split(key, shape) if shape else key


def make_key(name: str, key: jax.Array):
    """`rngs` is a set of streams, everything else one key."""
    return nnx.Rngs(typed(key)) if name == "rngs" else typed(key)


def named(entry):
    """The name in one entry of a path; None for the step from a variable to its value."""
    if isinstance(entry, jax.tree_util.DictKey):
        return entry.key
    if isinstance(entry, jax.tree_util.SequenceKey):
        return entry.idx
    if isinstance(entry, jax.tree_util.GetAttrKey):
        return None if entry.name in ("value", "raw_value") else entry.name
    return getattr(entry, "key", None)
