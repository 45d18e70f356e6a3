"""Your training as a step on one batch that is held: your own step, or the reference's optimizer around your loss."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from refkit.implementation import Implementation

LARGE = 64  # examples: of a larger batch the first ones do
KEPT = 32


class OwnStep:
    """Your train step, with your optimizer.

    Args:
        implementation: yours.
        step: the train step's adapter.
        inputs, labels: the batch; for a step that the program's own training was heard to call, what it was handed.
        loss: `loss(tree, key)` of that batch, for a step that returns none; None where it is not known.
    """

    def __init__(
        self,
        implementation: Implementation,
        step: Any,
        inputs: list[np.ndarray],
        labels: np.ndarray | None,
        loss: Callable[[Any, jax.Array], jax.Array] | None,
    ):
        self.implementation, self.run, self.loss = implementation, step, loss
        self.inputs, self.labels = tuple(inputs), labels

    def start(self, seed: int = 0) -> Any:
        tree = sized(self.implementation.init(jax.random.key(2 * seed)), self.run.call.tree)
        return self.run.start(tree, jax.random.key(2 * seed + 1))

    def step(self, state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        after, loss = self.run(state, self.inputs, self.labels, key)
        if loss is None and self.loss is None:
            raise LookupError("the step gives no loss")
        return after, self.loss(self.tree(state), key) if loss is None else loss

    def tree(self, state: Any) -> dict[str, Any]:
        return self.run.parameters(state)

    def parameters(self, state: Any) -> list[Any]:
        return jax.tree.leaves(self.tree(state).get("parameters", {}))


class UnderAdam:
    """Adam around a loss of yours, as the references train.

    Args:
        implementation: yours.
        loss: `loss(tree, key)` of the batch that is held.
        rate: of Adam.
    """

    def __init__(self, implementation: Implementation, loss: Callable[[Any, jax.Array], jax.Array], rate: float):
        self.implementation, self.loss, self.optimizer = implementation, loss, optax.adam(rate)

    def start(self, seed: int = 0) -> Any:
        tree = self.implementation.init(jax.random.key(2 * seed))
        return tree, self.optimizer.init(grouped(tree))

    def step(self, state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
        tree, memory = state
        loss, grads = jax.value_and_grad(lambda learned: self.loss(with_learned(tree, learned), key))(grouped(tree))
        updates, memory = self.optimizer.update(grads, memory)
        return (with_learned(tree, optax.apply_updates(grouped(tree), updates)), memory), loss

    def tree(self, state: Any) -> dict[str, Any]:
        return state[0]

    def parameters(self, state: Any) -> list[Any]:
        return jax.tree.leaves(grouped(state[0]))


def grouped(tree: Any) -> Any:
    """The part of a tree that is learned: all of it where an implementation of the user's own has no groups."""
    return tree["parameters"] if isinstance(tree, dict) and "parameters" in tree else tree


def with_learned(tree: Any, learned: Any) -> Any:
    return tree | {"parameters": learned} if isinstance(tree, dict) and "parameters" in tree else learned


def sized(tree: dict[str, Any], wanted: Any) -> dict[str, Any]:
    """A tree of first values at the sizes that a step has: drawn anew, at the same scale, where these are others."""
    rng = np.random.default_rng(0)

    def leaf(value: Any, shape: Any) -> Any:
        if tuple(value.shape) == tuple(shape.shape):
            return value
        drawn, fan = np.asarray(value, np.float64), lambda size: max(float(np.prod(size[:-1])), 1.0)
        scale = drawn.std() * np.sqrt(fan(drawn.shape) / fan(shape.shape)) if drawn.ndim > 1 else drawn.std()
        made = np.full(shape.shape, drawn.mean()) if drawn.std() == 0 else rng.normal(drawn.mean(), scale, shape.shape)
        return jnp.asarray(made, value.dtype)

    return jax.tree.unflatten(jax.tree.structure(tree), map(leaf, jax.tree.leaves(tree), jax.tree.leaves(wanted)))


def loss_of(
    implementation: Implementation, inputs: list[np.ndarray], labels: np.ndarray
) -> Callable[[Any, jax.Array], jax.Array]:
    """Your loss of a batch in evaluation mode; that of the reference for your outputs where you have none."""
    given = tuple(map(jnp.asarray, inputs))

    def loss(tree: Any, key: jax.Array) -> jax.Array:
        if implementation.loss is not None:
            return implementation.loss(tree, given, jnp.asarray(labels))
        outputs = implementation.apply(tree, *given)
        if implementation.output_loss is not None:
            return implementation.output_loss(outputs, jnp.asarray(labels))
        return plain_loss(outputs, jnp.asarray(labels))

    return loss


def plain_loss(outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """The reference's loss: squared error of targets, cross-entropy of classes whatever form the outputs have."""
    if jnp.issubdtype(labels.dtype, jnp.floating):
        return jnp.mean((outputs.reshape(labels.shape) - labels) ** 2)
    if outputs.shape[-1:] in ((), (1,)) or outputs.ndim == labels.ndim:
        return optax.sigmoid_binary_cross_entropy(outputs.reshape(labels.shape), labels).mean()
    total = outputs.sum(axis=-1)
    sums_to_one = jnp.all(outputs >= 0) & jnp.all(jnp.abs(total - 1) < 1e-3)
    logs = jnp.where(sums_to_one, jnp.log(jnp.maximum(outputs, 1e-12)), jax.nn.log_softmax(outputs))
    return -jnp.take_along_axis(logs, labels[..., None], axis=-1).mean()


def held_of(examples: list[np.ndarray], works: Callable[[list[np.ndarray]], bool]) -> list[np.ndarray]:
    """What a program handed its step, or the first examples of it where it is many and fewer do.

    Args:
        works: whether the step takes them.
    """
    counts = [len(value) for value in examples]
    count = max(set(counts), key=lambda size: (counts.count(size), size), default=0)
    if count <= LARGE:
        return examples
    cut = [value[:KEPT] if len(value) == count else value for value in examples]
    return cut if works(cut) else examples
