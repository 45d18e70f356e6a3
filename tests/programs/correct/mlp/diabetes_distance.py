"""Small regression network in plain JAX.

The error of a prediction is its Euclidean distance from the target (so that the same code serves for several
targets at once); the loss is the mean squared distance.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def init_params(key, sizes=(10, 64, 1)):
    keys = jax.random.split(key, len(sizes) - 1)
    return {
        f"layer{i}": {
            "w": jax.random.normal(k, (m, n), jnp.float32) * np.sqrt(2 / m),
            "b": jnp.zeros((n,), jnp.float32),
        }
        for i, (k, m, n) in enumerate(zip(keys, sizes[:-1], sizes[1:]))
    }


def forward(params, x):
    h = jax.nn.relu(x @ params["layer0"]["w"] + params["layer0"]["b"])
    return h @ params["layer1"]["w"] + params["layer1"]["b"]


def distance(a, b):
    """Row-wise Euclidean distance, with a gradient of 0 where the rows are equal."""
    squared = jnp.sum(jnp.square(a - b), axis=-1)
    apart = squared > 0
    safe = jnp.where(apart, squared, 1.0)
    return jnp.where(apart, jnp.sqrt(safe), 0.0)


def loss(params, x, y):
    """x: (batch, 10), y: (batch, 1)"""
    d = distance(forward(params, x), y)
    return jnp.mean(d**2)


tx = optax.adam(3e-4)


@jax.jit
def step(params, opt_state, x, y):
    value, gradient = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = tx.update(gradient, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def load_data():
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    y = y.reshape(-1, 1)
    x_train, y_train, x_test, y_test = x[:342], y[:342], x[342:], y[342:]
    mx, sx, my, sy = x_train.mean(0), x_train.std(0), y_train.mean(0), y_train.std(0)
    return ((x_train - mx) / sx, (y_train - my) / sy), ((x_test - mx) / sx, (y_test - my) / sy)


if __name__ == "__main__":
    (x_train, y_train), (x_test, y_test) = load_data()
    params = init_params(jax.random.key(2))
    opt_state = tx.init(params)
    rng = np.random.default_rng(2)
    for i in range(1, 1001):
        rows = rng.choice(len(x_train), 32, replace=False)
        params, opt_state, value = step(params, opt_state, x_train[rows], y_train[rows])
        if i % 250 == 0:
            test_loss = loss(params, x_test, y_test)
            print(f"step {i}: batch loss {value:.3f}, test loss {test_loss:.3f}")
