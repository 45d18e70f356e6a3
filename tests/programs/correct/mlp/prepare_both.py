"""Both splits through one function; the statistics are the training split's."""

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


def prepare(x_train, x_test):
    mean = x_train.mean(axis=0)
    std = np.where(x_train.std(axis=0) > 0, x_train.std(axis=0), 1.0)
    return (x_train - mean) / std, (x_test - mean) / std


def iterate_minibatches(inputs, targets, batch_size, shuffle=True, seed=0):
    indices = np.arange(len(inputs))
    if shuffle:
        np.random.default_rng(seed).shuffle(indices)
    for start in range(0, len(inputs), batch_size):
        excerpt = indices[start : start + batch_size]
        yield inputs[excerpt], targets[excerpt]
