"""LSTM: one recurrent layer and a linear readout of its last state, for sequences.

Paper: Hochreiter, Schmidhuber (1997), Long short-term memory; forget gate of Gers, Schmidhuber, Cummins (2000).
Task: the adding problem, 20 steps: the target is 0.5 + (X1 + X2) / 4 of the two marked values.
Run: python lstm.py
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
    """Sizes and defaults: Adam at 3e-4, tanh with Glorot initialisation, no regularisation."""

    features: int = 2
    hidden: int = 128
    outputs: int = 1
    activation: Callable = nnx.tanh
    kernel_init: Callable = nnx.initializers.glorot_uniform()
    learning_rate: float = 3e-4
    batch_size: int = 32
    steps: int = 20
    seed: int = 0


class LSTMCell(nnx.Module):
    """One step: `f32[batch, features]` and the state `(c, h)` to the next state."""

    def __init__(self, features: int, config: Config, rngs: nnx.Rngs):
        self.config = config
        from_x = lambda: nnx.Linear(features, config.hidden, kernel_init=config.kernel_init, rngs=rngs)
        from_h = lambda: nnx.Linear(config.hidden, config.hidden, use_bias=False, kernel_init=config.kernel_init, rngs=rngs)
        self.input_x, self.input_h = from_x(), from_h()
        self.forget_x, self.forget_h = from_x(), from_h()
        self.cell_x, self.cell_h = from_x(), from_h()
        self.output_x, self.output_h = from_x(), from_h()

    def __call__(self, c: jax.Array, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        activation = self.config.activation
        i = nnx.sigmoid(self.input_x(x) + self.input_h(h))  # f32[batch, 128]
        f = nnx.sigmoid(self.forget_x(x) + self.forget_h(h))  # f32[batch, 128]
        g = activation(self.cell_x(x) + self.cell_h(h))  # f32[batch, 128]
        o = nnx.sigmoid(self.output_x(x) + self.output_h(h))  # f32[batch, 128]
        c = f * c + i * g  # f32[batch, 128]
        h = o * activation(c)  # f32[batch, 128]
        return c, h


class LSTM(nnx.Module):
    """`f32[batch, time, features]` to `f32[batch, outputs]`."""

    def __init__(self, config: Config, rngs: nnx.Rngs):
        self.config = config
        self.cell = LSTMCell(config.features, config, rngs)
        self.outputs = nnx.Linear(config.hidden, config.outputs, kernel_init=config.kernel_init, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        chex.assert_shape(x, (None, None, self.config.features))
        states = run(self.cell, x)  # f32[batch, 20, 128]
        x = states[:, -1]  # f32[batch, 128]
        x = self.outputs(x)  # f32[batch, 1]
        return x


def run(cell: LSTMCell, x: jax.Array) -> jax.Array:
    """The hidden state after every step, from a state of zeros."""

    def step(state, x_t):
        c, h = cell(*state, x_t)  # f32[batch, 128]
        return (c, h), h

    zeros = jnp.zeros((x.shape[0], cell.config.hidden))  # f32[batch, 128]
    x = x.swapaxes(0, 1)  # f32[20, batch, 2]
    _, states = jax.lax.scan(step, (zeros, zeros), x)  # f32[20, batch, 128]
    return states.swapaxes(0, 1)  # f32[batch, 20, 128]


def loss_fn(model: LSTM, x: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean squared error against `f32[batch, 1]`."""
    predictions = model(x)  # f32[batch, 1]
    chex.assert_equal_shape([predictions, targets])
    errors = (predictions - targets) ** 2  # f32[batch, 1]
    return errors.mean()  # f32[]
