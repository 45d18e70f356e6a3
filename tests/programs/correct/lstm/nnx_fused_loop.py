"""LSTM written from the equations in Flax NNX, all four gates in one matrix product.

The gates lie in the kernel as input, candidate, forget, output (TensorFlow called them i, j, f, o).
The loop over time is an ordinary Python loop: 20 steps are few enough to unroll.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclasses.dataclass
class Settings:
    hidden_size: int = 128
    sequence_length: int = 20
    batch_size: int = 32
    learning_rate: float = 3e-4
    train_steps: int = 3000


def gatewise_glorot(key, shape, dtype=jnp.float32):
    """Glorot for each of the four blocks of a [fan_in, 4 * hidden] kernel."""
    fan_in, width = shape
    glorot = nnx.initializers.glorot_uniform()
    blocks = [glorot(k, (fan_in, width // 4), dtype) for k in jax.random.split(key, 4)]
    return jnp.concatenate(blocks, axis=1)


class LSTMLayer(nnx.Module):
    def __init__(self, inputs: int, hidden_size: int, rngs: nnx.Rngs):
        self.hidden_size = hidden_size
        self.from_input = nnx.Linear(inputs, 4 * hidden_size, kernel_init=gatewise_glorot, rngs=rngs)
        self.from_state = nnx.Linear(
            hidden_size, 4 * hidden_size, use_bias=False, kernel_init=gatewise_glorot, rngs=rngs
        )

    def step(self, c, h, x_t):
        gates = self.from_input(x_t) + self.from_state(h)
        i, j, f, o = jnp.split(gates, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(j)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return c, h

    def __call__(self, x):
        c = jnp.zeros((x.shape[0], self.hidden_size))
        h = jnp.zeros((x.shape[0], self.hidden_size))
        for t in range(x.shape[1]):
            c, h = self.step(c, h, x[:, t])
        return h


class Regressor(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, settings: Settings = Settings()):
        self.lstm = LSTMLayer(2, settings.hidden_size, rngs)
        self.linear = nnx.Linear(settings.hidden_size, 1, kernel_init=nnx.initializers.glorot_uniform(), rngs=rngs)

    def __call__(self, x):
        return self.linear(self.lstm(x))


def adding_data(rng, n, length):
    x = np.zeros((n, length, 2), np.float32)
    x[:, :, 0] = rng.uniform(-1, 1, (n, length))
    y = np.zeros((n, 1), np.float32)
    for row in range(n):
        one, two = rng.choice(length // 2, size=2, replace=False)
        x[row, one, 1] = x[row, two, 1] = 1
        y[row, 0] = 0.5 + (x[row, one, 0] + x[row, two, 0]) / 4
    return x, y


def loss_fn(model, batch):
    x, y = batch
    error = model(x) - y
    return jnp.square(error).mean()


@nnx.jit
def train_step(model, optimizer, batch):
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


def main():
    settings = Settings()
    rng = np.random.default_rng(12)
    model = Regressor(nnx.Rngs(params=3), settings)
    optimizer = nnx.Optimizer(model, optax.adam(settings.learning_rate), wrt=nnx.Param)
    test_x, test_y = adding_data(rng, 500, settings.sequence_length)
    for step in range(1, settings.train_steps + 1):
        batch = adding_data(rng, settings.batch_size, settings.sequence_length)
        loss = train_step(model, optimizer, batch)
        if step % 250 == 0:
            wrong = np.mean(np.abs(np.asarray(model(test_x)) - test_y) > 0.04)
            print(f"{step}: loss {loss:.4f}, wrong answers {wrong:.1%}")


if __name__ == "__main__":
    main()
