"""Encoder and head as separate NNX modules, with tanh units.

I keep the two apart so that the head can be swapped while the encoder stays.
"""

from dataclasses import dataclass
from typing import Callable

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


@dataclass(frozen=True)
class Settings:
    n_inputs: int = 30
    n_hidden: int = 64
    n_targets: int = 2
    init: Callable = nnx.initializers.xavier_uniform()
    lr: float = 3e-4


@dataclass(frozen=True)
class WideSettings(Settings):
    """More units, for the larger tables."""

    n_hidden: int = 256


class Encoder(nnx.Module):
    def __init__(self, settings: Settings, rngs: nnx.Rngs):
        self.projection = nnx.Linear(settings.n_inputs, settings.n_hidden, kernel_init=settings.init, rngs=rngs)

    def __call__(self, x):
        return nnx.tanh(self.projection(x))


class Head(nnx.Module):
    def __init__(self, settings: Settings, rngs: nnx.Rngs):
        self.readout = nnx.Linear(settings.n_hidden, settings.n_targets, kernel_init=settings.init, rngs=rngs)

    def __call__(self, z):
        return self.readout(z)


class Network(nnx.Module):
    def __init__(self, settings: Settings = Settings(), *, rngs: nnx.Rngs):
        self.encoder = Encoder(settings, rngs)
        self.head = Head(settings, rngs)

    def __call__(self, x):
        z = self.encoder(x)
        return self.head(z)


def loss_fn(network: Network, x, y):
    scores = network(x)
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, y))


@nnx.jit
def train_step(network: Network, optimizer: nnx.Optimizer, batch):
    x, y = batch
    loss, grads = nnx.value_and_grad(loss_fn)(network, x, y)
    optimizer.update(network, grads)
    return loss


def create_optimizer(network, settings=Settings()):
    return nnx.Optimizer(network, optax.adam(settings.lr), wrt=nnx.Param)


def data(seed: int):
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    shuffled = np.random.default_rng(seed).permutation(len(y))
    train, valid, test = np.split(shuffled, [340, 455])
    mean, std = x[train].mean(axis=0), x[train].std(axis=0)
    return [((x[part] - mean) / std, y[part]) for part in (train, valid, test)]


if __name__ == "__main__":
    train, valid, test = data(seed=0)
    network = Network(rngs=nnx.Rngs(0))
    optimizer = create_optimizer(network)
    rng = np.random.default_rng(0)
    best = 0.0
    for epoch in range(200):
        order = rng.permutation(len(train[1]))
        for rows in np.array_split(order, 10):
            train_step(network, optimizer, (train[0][rows], train[1][rows]))
        best = max(best, float((network(valid[0]).argmax(-1) == valid[1]).mean()))
    print("best validation accuracy", best, "test", float((network(test[0]).argmax(-1) == test[1]).mean()))
