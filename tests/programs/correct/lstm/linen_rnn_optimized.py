"""Flax Linen LSTM on the adding task.

`nn.RNN` scans an `OptimizedLSTMCell` over the time axis; the answer is read off the last output.
"""

from functools import partial
from typing import Dict, Tuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState


class LSTMRegressor(nn.Module):
    hidden_size: int = 128

    @nn.compact
    def __call__(self, x):
        init = nn.initializers.xavier_uniform()
        cell = nn.OptimizedLSTMCell(self.hidden_size, kernel_init=init, recurrent_kernel_init=init)
        x = nn.RNN(cell)(x)
        x = x[:, -1, :]
        x = nn.Dense(1, kernel_init=init)(x)
        return x


class AddingData:
    """Endless generator of adding-problem batches."""

    def __init__(self, length: int = 20, batch_size: int = 32, seed: int = 0):
        self.length = length
        self.batch_size = batch_size
        self.rng = np.random.default_rng(seed)

    def __iter__(self):
        return self

    def __next__(self) -> Dict[str, np.ndarray]:
        shape = (self.batch_size, self.length)
        values = self.rng.uniform(-1, 1, shape)
        markers = np.zeros(shape)
        half = self.length // 2
        for row in markers:
            row[self.rng.integers(0, half)] = 1
            row[self.rng.integers(half, self.length)] = 1
        targets = 0.5 + (values * markers).sum(-1) / 4
        return {
            "inputs": np.stack([values, markers], -1).astype(np.float32),
            "targets": targets[:, None].astype(np.float32),
        }


def create_train_state(key: jax.Array, learning_rate: float = 3e-4) -> TrainState:
    model = LSTMRegressor()
    params = model.init(key, jnp.zeros((1, 20, 2)))["params"]
    return TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(learning_rate))


@jax.jit
def train_step(state: TrainState, batch: Dict[str, jax.Array]) -> Tuple[TrainState, jax.Array]:
    def loss_fn(params):
        predictions = state.apply_fn({"params": params}, batch["inputs"])
        return jnp.mean((predictions - batch["targets"]) ** 2)

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    state = state.apply_gradients(grads=grads)
    return state, loss


@partial(jax.jit, static_argnames="tolerance")
def eval_step(state: TrainState, batch, tolerance: float = 0.04):
    predictions = state.apply_fn({"params": state.params}, batch["inputs"])
    return jnp.mean(jnp.abs(predictions - batch["targets"]) <= tolerance)


def main():
    data = AddingData()
    state = create_train_state(jax.random.PRNGKey(0))
    for step, batch in zip(range(4000), data):
        state, loss = train_step(state, batch)
        if step % 400 == 0:
            print(step, float(loss), float(eval_step(state, next(data))))


if __name__ == "__main__":
    main()
