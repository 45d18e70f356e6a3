"""Progression score from 30 measurements: a regression net in Flax NNX."""
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Regressor(nnx.Module):
    def __init__(self, in_features: int = 30, hidden: int = 64, *, rngs: nnx.Rngs):
        he = nnx.initializers.variance_scaling(2.0, "fan_in", "truncated_normal")
        self.encode = nnx.Linear(in_features, hidden, kernel_init=he, rngs=rngs)
        self.refine = nnx.Linear(hidden, hidden, kernel_init=he, rngs=rngs)
        self.regularise = nnx.Dropout(rate=0.1, rngs=rngs)
        self.readout = nnx.Linear(hidden, 1, rngs=rngs)

    def __call__(self, x):
        x = self.encode(x)
        x = jax.nn.relu(x)
        x = self.refine(x)
        x = jax.nn.relu(x)
        x = self.regularise(x)
        return self.readout(x)


def mse(model, x, y):
    """Mean squared error of predictions (B, 1) for targets (B,)."""
    predicted = model(x)
    error = predicted[:, 0] - y
    return jnp.mean(error ** 2)


@nnx.jit
def train_step(model: Regressor, optimizer: nnx.Optimizer, x, y):
    value, grads = nnx.value_and_grad(mse)(model, x, y)
    optimizer.update(model, grads)
    return value


def create_optimizer(model):
    return nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)


def normalize(x, mean=None, std=None):
    """Column-wise; pass the training set's mean and std for validation data."""
    if mean is None:
        mean, std = x.mean(axis=0), x.std(axis=0)
    return (x - mean) / jnp.where(std > 0, std, 1.0)


def fit(model, x, y, epochs=5, batch_size=32, seed=0):
    optimizer = create_optimizer(model)
    key = jax.random.key(seed)
    for _ in range(epochs):
        key, sub = jax.random.split(key)
        order = jax.random.permutation(sub, len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start:start + batch_size]
            train_step(model, optimizer, x[rows], y[rows])
    return model
