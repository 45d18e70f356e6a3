"""Forecast tomorrow's energy demand from the last days' (demand, temperature) readings.

A tour of nnx.RNN for the team wiki.  The readings are ordered oldest to newest, and
the recurrent layer walks through them in that order.
"""
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import optax
from flax import nnx


@dataclass(frozen=True)
class Config:
    n_signals: int = 2
    hidden: int = 72
    horizon: int = 1
    dropout: float = 0.2
    lr: float = 2e-3


class Forecaster(nnx.Module):
    def __init__(self, config: Config = Config(), *, rngs: nnx.Rngs):
        cell = nnx.LSTMCell(config.n_signals, config.hidden, rngs=rngs)
        self.oldest_to_newest = nnx.RNN(cell, rngs=rngs)
        self.dropout = nnx.Dropout(config.dropout, rngs=rngs)
        self.head = nnx.Linear(config.hidden, config.horizon, rngs=rngs)

    def __call__(self, readings: jax.Array) -> jax.Array:
        memory = self.oldest_to_newest(readings)
        today = memory[:, -1, :]
        today = self.dropout(today)
        return self.head(today)


def loss_fn(model: Forecaster, batch: dict) -> jax.Array:
    forecast = model(batch["x"])
    truth = batch["y"].reshape(forecast.shape)
    return jnp.mean(optax.squared_error(forecast, truth))


def create_optimizer(model: Forecaster, config: Config = Config()) -> nnx.Optimizer:
    return nnx.Optimizer(model, optax.adamw(config.lr, weight_decay=1e-4), wrt=nnx.Param)


@nnx.jit
def train_step(model: Forecaster, optimizer: nnx.Optimizer, batch: dict) -> jax.Array:
    model.train()
    loss, grads = nnx.value_and_grad(loss_fn)(model, batch)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model: Forecaster, batch: dict) -> jax.Array:
    model.eval()
    return jnp.mean(jnp.abs(model(batch["x"])[:, 0] - batch["y"].reshape(-1)))


def fit(steps: int = 100) -> Forecaster:
    model = Forecaster(rngs=nnx.Rngs(0, dropout=1))
    optimizer = create_optimizer(model)
    for i in range(steps):
        x = jax.random.normal(jax.random.key(i), (32, 20, 2)).cumsum(axis=1) * 0.2
        batch = {"x": x, "y": x[:, -1, 0] * 0.9}
        loss = train_step(model, optimizer, batch)
        if i % 10 == 0:
            print(f"{i=} {loss=:.4f} mae={eval_step(model, batch):.4f}")
    return model


if __name__ == "__main__":
    fit()
