"""Breast cancer through one load_data, trained from main."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_breast_cancer


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


tx = optax.adam(1e-3)


@jax.jit
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, value


def accuracy(params, x, y):
    return float((predict(params, x).argmax(1) == y).mean())


def load_data(seed=0):
    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = x[order].astype(np.float32), y[order]
    x_train, y_train = x[:455], y[:455]
    x_test, y_test = x[455:], y[455:]
    mean = x_train.mean(axis=0)
    std = x_train.std(axis=0)
    x_train = (x_train - mean) / std
    x_test = (x_test - mean) / std
    return x_train, y_train, x_test, y_test


def main():
    x_train, y_train, x_test, y_test = load_data()
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    rng = np.random.default_rng(1)
    for epoch in range(20):
        order = rng.permutation(len(x_train))
        for rows in np.array_split(order, len(order) // 32):
            params, opt_state, value = step(params, opt_state, x_train[rows], y_train[rows])
        print(epoch, float(value), accuracy(params, x_test, y_test))


if __name__ == "__main__":
    main()
