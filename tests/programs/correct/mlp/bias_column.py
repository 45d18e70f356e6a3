"""An MLP without separate biases.

Every input gets a constant 1 appended, and the last row of each weight matrix takes the part of the bias.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax


def with_one(x):
    ones = jnp.ones((x.shape[0], 1), x.dtype)
    return jnp.concatenate([x, ones], axis=1)


def init_matrix(key, rows, cols):
    weight = jax.random.normal(key, (rows, cols)) / jnp.sqrt(rows / 2.0)
    return jnp.vstack([weight, jnp.zeros((1, cols))])


def init(key):
    k0, k1 = jax.random.split(key, 2)
    return [init_matrix(k0, 30, 64), init_matrix(k1, 64, 2)]


def apply(params, x):
    first, second = params
    h = with_one(x) @ first
    h = jnp.clip(h, 0)
    return with_one(h) @ second


def loss(params, x, y):
    logits = apply(params, x)
    margin = jnp.take_along_axis(logits, y.reshape(-1, 1), axis=1).squeeze(1)
    return (jax.nn.logsumexp(logits, axis=1) - margin).mean()


def make_optimizer(learning_rate=2e-3):
    return optax.adam(learning_rate)


def train(x, y, steps=600, batch_size=50, seed=0):
    tx = make_optimizer()
    params = init(jax.random.key(seed))
    opt_state = tx.init(params)

    @jax.jit
    def step(params, opt_state, x, y):
        value, grad = jax.value_and_grad(loss)(params, x, y)
        updates, opt_state = tx.update(grad, opt_state)
        return optax.apply_updates(params, updates), opt_state, value

    rng = np.random.default_rng(seed)
    values = []
    for _ in range(steps):
        i = rng.choice(len(x), batch_size, replace=False)
        params, opt_state, value = step(params, opt_state, x[i], y[i])
        values.append(float(value))
    return params, values


def score(params, x, y):
    return float((apply(params, x).argmax(1) == y).mean())


def main():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    test = np.random.default_rng(1).random(len(x)) < 0.25
    mean, std = x[~test].mean(0), x[~test].std(0)
    x = ((x - mean) / std).astype(np.float32)
    params, values = train(x[~test], y[~test])
    print("loss", values[0], "->", values[-1])
    print("held out", score(params, x[test], y[test]))


if __name__ == "__main__":
    main()
