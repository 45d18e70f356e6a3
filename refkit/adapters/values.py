"""What a loss may be given in one trace, and one way of giving it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax

from refkit.adapters.calling import typed
from refkit.adapters.search import Call


@dataclasses.dataclass
class Values:
    """Everything a loss may ask for, in one trace.

    Args:
        call: the adapter's model and layout.
        tree: its leaves.
        inputs: a batch in the reference's convention.
        labels: in the user's form.
        single: whether `inputs` is one example.
        keyless: whether no key is handed on in evaluation mode, which turns dropout written by hand off.
    """

    call: Call
    tree: dict[str, Any]
    inputs: tuple[jax.Array, ...]
    labels: jax.Array
    key: jax.Array | None
    training: bool
    single: bool = False
    keyless: bool = False

    @property
    def data(self) -> list[jax.Array]:
        """The inputs in the user's axes."""
        forms = self.call.layout.forms
        moves = [form.single if self.single else form.batch for form in forms]
        return [move(value) for move, value in zip(moves, self.inputs, strict=True)]

    @property
    def in_order(self) -> tuple[jax.Array, ...]:
        """The inputs in the order in which the model itself takes them."""
        return tuple(self.data[index] for index in own_order(self.call))

    @property
    def frozen(self) -> "Values":
        """The same for what is not differentiated: no gradient goes through its leaves."""
        return dataclasses.replace(self, tree=jax.tree.map(jax.lax.stop_gradient, self.tree))

    @property
    def random(self) -> jax.Array | None:
        if self.key is not None:
            return typed(self.key)
        return None if self.keyless and not self.training else jax.random.key(0)


Slot = Callable[[Values], Any]


@dataclasses.dataclass(frozen=True)
class Plan:
    """One way to fill the parameters of a loss: a value for each, by name."""

    slots: dict[str, Slot]
    note: str = ""

    def arguments(self, values: Values) -> dict[str, Any]:
        return {name: slot(values) for name, slot in self.slots.items()}


def own_order(call: Call) -> tuple[int, ...]:
    """Which input stands where among the model's own arguments."""
    count = len(call.layout.inputs)
    data = call.layout.packing.pack(list(range(count)))
    found = data.positional + tuple(data.named.values())
    if len(found) == 1 and isinstance(found[0], tuple):
        found = found[0]
    return found if sorted(map(str, found)) == sorted(map(str, range(count))) else tuple(range(count))


def packed_inputs(values: Values) -> Any:
    """All inputs as the model itself takes them in one argument."""
    data = values.call.layout.packing.pack(values.data)
    return data.positional[0] if len(data.positional) == 1 else data.positional
