"""MLP: one hidden layer, for everything that is neither an image nor a sequence.

Paper: Rumelhart, Hinton, Williams (1986), Learning representations by back-propagating errors.
Task: breast cancer, 30 measured features, 2 classes.
Run: python mlp.py
Known result: none yet.
"""

import dataclasses
from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and defaults: Adam at 3e-4, ReLU with He initialisation, no regularisation."""

    features: int = 30
    hidden: tuple[int, ...] = (64,)
    outputs: int = 2
    activation: Callable = nnx.relu
    kernel_init: Callable = nnx.initializers.he_normal()
    learning_rate: float = 3e-4
    batch_size: int = 32
    epochs: int = 100
    seed: int = 0


class MLP(nnx.Module):
    """`f32[batch, features]` to `f32[batch, outputs]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        init = config.kernel_init
        self.dense1 = nnx.Linear(config.features, config.hidden[0], kernel_init=init, rngs=rngs)
        self.outputs = nnx.Linear(config.hidden[-1], config.outputs, kernel_init=init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        activation = self.config.activation
        chex.assert_shape(x, (None, self.config.features))
        x = self.dense1(x)  # f32[batch, 64]
        x = activation(x)  # f32[batch, 64]
        x = self.outputs(x)  # f32[batch, 2]
        return x


def loss_fn(model: MLP, x: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats of logits against class ids `i32[batch]`."""
    logits = model(x)  # f32[batch, 2]
    chex.assert_shape(labels, logits.shape[:1])
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)  # f32[batch]
    return losses.mean()  # f32[]
