"""Diabetes progression: inputs and targets standardised."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_diabetes


class Regressor(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.hidden = nnx.Linear(10, 64, kernel_init=he, rngs=rngs)
        self.out = nnx.Linear(64, 1, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.hidden(x)))


def mse_loss(model, x, y):
    return jnp.mean((model(x) - y) ** 2)


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(mse_loss)(model, x, y)
    optimizer.update(model, grads)
    return loss


def get_data(seed=0):
    x, y = load_diabetes(return_X_y=True, scaled=False)
    order = np.random.RandomState(seed).permutation(len(x))
    x, y = x[order], y[order, None]
    train, test = slice(0, 350), slice(350, None)
    x = (x - x[train].mean(0)) / x[train].std(0)
    y = (y - y[train].mean()) / y[train].std()
    return (x[train], y[train]), (x[test], y[test])


def get_batches(data, batch_size, seed):
    x, y = data
    order = np.random.RandomState(seed).permutation(len(x))
    for i in range(0, len(x), batch_size):
        yield x[order[i : i + batch_size]], y[order[i : i + batch_size]]
