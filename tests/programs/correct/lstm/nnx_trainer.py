"""Sequence regression with a recurrent net. Trainer-style layout (after our Lightning code base)."""
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclass
class Config:
    input_dim: int = 2
    hidden_dim: int = 96
    output_dim: int = 1
    seq_len: int = 20
    lr: float = 1e-3
    grad_clip: float = 1.0


class SequenceRegressor(nnx.Module):
    """Encodes the sequence from its first step to its last, then regresses from the last state."""

    def __init__(self, config: Config = Config(), *, rngs: nnx.Rngs):
        cell = nnx.LSTMCell(config.input_dim, config.hidden_dim, rngs=rngs)
        self.encoder = nnx.RNN(cell)
        self.regressor = nnx.Linear(config.hidden_dim, config.output_dim, rngs=rngs)

    def __call__(self, sequences):
        states = self.encoder(sequences)
        summary = states[:, -1, :]
        return self.regressor(summary)


def loss_fn(model, sequences, targets):
    predictions = model(sequences)
    errors = predictions[:, 0] - targets.ravel()
    return jnp.mean(jnp.square(errors))


def make_optimizer(config: Config = Config()):
    return optax.chain(optax.clip_by_global_norm(config.grad_clip), optax.adam(config.lr))


@nnx.jit
def train_step(model, optimizer, sequences, targets):
    loss, grads = nnx.value_and_grad(loss_fn)(model, sequences, targets)
    optimizer.update(model, grads)
    return loss


class Trainer:
    def __init__(self, config: Config, seed: int = 0):
        self.config = config
        self.model = SequenceRegressor(config, rngs=nnx.Rngs(seed))
        self.optimizer = nnx.Optimizer(self.model, make_optimizer(config), wrt=nnx.Param)
        self.history = []

    def fit(self, data, epochs=10, batch_size=64):
        xs, ys = data
        rng = np.random.default_rng(0)
        for epoch in range(epochs):
            order = rng.permutation(len(xs))
            losses = []
            for idx in np.split(order, range(batch_size, len(order), batch_size)):
                losses.append(float(train_step(self.model, self.optimizer, xs[idx], ys[idx])))
            self.history.append(np.mean(losses))
            print(f"epoch {epoch}: {self.history[-1]:.5f}")
        return self


def adding_data(n, length, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, length, 2), np.float32)
    x[..., 0] = rng.uniform(-1, 1, (n, length))
    for row in x:
        row[rng.integers(0, length // 4), 1] = 1
        row[rng.integers(length // 4, length // 2), 1] = 1
    return x, (0.5 + (x[..., 0] * x[..., 1]).sum(1) / 4).astype(np.float32)


if __name__ == "__main__":
    cfg = Config()
    Trainer(cfg).fit(adding_data(10_000, cfg.seq_len))
