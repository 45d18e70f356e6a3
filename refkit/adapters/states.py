"""A stand-in for whatever a program calls its train state."""

from typing import Any

import jax


@jax.tree_util.register_pytree_with_keys_class
class State:
    """Arrays that are leaves, functions that are not, both read as attributes."""

    def __init__(self, arrays: dict[str, Any], fixed: dict[str, Any]):
        object.__setattr__(self, "arrays", arrays)
        object.__setattr__(self, "fixed", fixed)

    def __getattr__(self, name: str) -> Any:
        for part in (self.__dict__.get("arrays", {}), self.__dict__.get("fixed", {})):
            if name in part:
                return part[name]
        raise AttributeError(f"the train state has no `{name}`")

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError as error:
            raise KeyError(name) from error

    def tree_flatten_with_keys(self):
        names = tuple(sorted(self.arrays))
        return (
            [(jax.tree_util.GetAttrKey(name), self.arrays[name]) for name in names],
            (names, tuple(sorted(self.fixed.items(), key=lambda item: item[0]))),
        )

    @classmethod
    def tree_unflatten(cls, structure, values):
        names, fixed = structure
        return cls(dict(zip(names, values, strict=True)), dict(fixed))
