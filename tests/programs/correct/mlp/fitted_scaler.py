"""Fit a scaler on the training rows, apply it everywhere."""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def init_params(key, sizes=(30, 64, 2)):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        (jnp.sqrt(2 / m) * jax.random.normal(k, (m, n)), jnp.zeros(n)) for k, m, n in zip(keys, sizes[:-1], sizes[1:])
    ]


def predict(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def loss_fn(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(predict(params, x), y).mean()


tx = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def normalize(x, mean, std):
    centred = x - mean
    return centred / (std + 1e-7)


def split(x, y, test_size=0.2, seed=0):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    n_test = int(round(test_size * len(x)))
    test, train = order[:n_test], order[n_test:]
    return x[train], y[train], x[test], y[test]


def batches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
