"""Flax Linen: variables by collection, made by the module's own `init` on data of the user's layout."""

import re
from typing import Any

import jax
from flax import core, linen
from flax.core import meta

from refkit.adapters.calling import Data, by_name, data_parameters, forward_method, mode_arguments, parameters_of, typed

GROUPS = {"params": "parameters", "batch_stats": "statistics"}


class LinenModel:
    """A Module with its attributes set.

    Args:
        module: the unbound module.
        source: the file's text, for the random streams that it asks for by name.
    """

    framework = "linen"
    tree: dict[str, Any] | None = None
    needs_data = True
    gives_output = True

    def __init__(self, module: linen.Module, source: str = ""):
        self.module, self.cls = module, type(module)
        self.function = forward_method(type(module))
        self.forward_parameters = parameters_of(self.function)[1:]
        self.data_parameters = data_parameters(self.forward_parameters)
        self.streams = tuple(dict.fromkeys(["dropout", *re.findall(r"make_rng\(\s*['\"](\w+)['\"]", source)]))

    def init(self, key: jax.Array, data: Data) -> dict[str, Any]:
        return self.init_with_output(key, data)[0]

    def init_with_output(self, key: jax.Array, data: Data) -> tuple[dict[str, Any], Any]:
        """The variables, and what the module returned for the data in evaluation mode."""
        key = typed(key)
        rngs = {"params": key} | {
            stream: jax.random.fold_in(key, 1 + number) for number, stream in enumerate(self.streams)
        }
        modes = mode_arguments(self.forward_parameters, False, None, make_key)
        positional, named = by_name(self.data_parameters, data.positional, data.named)
        outputs, variables = self.module.init_with_output(rngs, *positional, **named, **modes, method=self.function)
        variables = meta.unbox(core.unfreeze(variables))
        tree: dict[str, Any] = {}
        for collection, variable in variables.items():
            if collection in GROUPS:
                tree[GROUPS[collection]] = variable
            elif collection not in ("intermediates",):
                tree.setdefault("constants", {})[collection] = variable
        return {group: part for group, part in tree.items() if jax.tree.leaves(part)}, outputs

    def variables(self, tree: dict[str, Any]) -> dict[str, Any]:
        """The collections as Linen has them."""
        groups = {collection: tree[group] for collection, group in GROUPS.items() if group in tree}
        return groups | tree.get("constants", {})

    def rngs(self, key: jax.Array | None) -> dict[str, jax.Array]:
        """A key for every stream; a fixed one in evaluation, where only a program that is wrong draws from it."""
        key = jax.random.key(0) if key is None else key
        return {stream: jax.random.fold_in(typed(key), number) for number, stream in enumerate(self.streams)}

    def run(self, tree: dict[str, Any], data: Data, training: bool, key: jax.Array | None) -> Any:
        """What the module returns; changes of its statistics are dropped."""
        variables = self.variables(tree)
        modes = mode_arguments(self.forward_parameters, training, key, make_key)
        mutable = [collection for collection in variables if collection != "params"]
        positional, named = by_name(self.data_parameters, data.positional, data.named)
        outputs = self.module.apply(
            variables,
            *positional,
            **named,
            **modes,
            rngs=self.rngs(key),
            mutable=mutable or False,
            method=self.function,
        )
        return outputs[0] if mutable else outputs


def make_key(name: str, key: jax.Array) -> jax.Array:
    return typed(key)
