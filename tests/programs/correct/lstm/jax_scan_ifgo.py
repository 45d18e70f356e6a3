"""A minimal LSTM in plain JAX: parameters in a dict, `jax.lax.scan` over time, Adam from optax.

Gate order in the fused kernel is i, f, g, o.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, nn, random


def glorot(key, n_in, n_out):
    limit = (6.0 / (n_in + n_out)) ** 0.5
    return random.uniform(key, (n_in, n_out), minval=-limit, maxval=limit)


def init_params(key, n_in=2, n_hidden=128, n_out=1):
    keys = random.split(key, 9)
    return {
        "Wx": jnp.concatenate([glorot(k, n_in, n_hidden) for k in keys[:4]], axis=1),
        "Wh": jnp.concatenate([glorot(k, n_hidden, n_hidden) for k in keys[4:8]], axis=1),
        "b": jnp.zeros(4 * n_hidden),
        "Wo": glorot(keys[8], n_hidden, n_out),
        "bo": jnp.zeros(n_out),
    }


def lstm_step(params, state, x):
    h, c = state
    z = x @ params["Wx"] + h @ params["Wh"] + params["b"]
    i, f, g, o = jnp.split(z, 4, axis=1)
    c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
    h = nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def forward(params, xs):
    """xs: [batch, time, features] -> [batch, outputs]"""
    n_hidden = params["Wh"].shape[0]
    zeros = jnp.zeros((xs.shape[0], n_hidden))
    xs = jnp.transpose(xs, (1, 0, 2))
    _, hs = lax.scan(lambda s, x: lstm_step(params, s, x), (zeros, zeros), xs)
    return hs[-1] @ params["Wo"] + params["bo"]


def loss(params, x, y):
    return jnp.mean((forward(params, x) - y) ** 2)


optimizer = optax.adam(learning_rate=3e-4)


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, value


def adding_problem(rng, n, steps=20):
    values = rng.uniform(-1, 1, (n, steps))
    marks = np.zeros((n, steps))
    for m in marks:
        m[rng.choice(steps, 2, replace=False)] = 1.0
    targets = 0.5 + np.sum(values * marks, axis=1, keepdims=True) / 4
    return np.stack([values, marks], 2).astype(np.float32), targets.astype(np.float32)


def main():
    rng = np.random.default_rng(0)
    params = init_params(random.PRNGKey(0))
    opt_state = optimizer.init(params)
    for step in range(5000):
        x, y = adding_problem(rng, 32)
        params, opt_state, value = update(params, opt_state, x, y)
        if step % 500 == 0:
            x, y = adding_problem(rng, 500)
            correct = np.abs(np.asarray(forward(params, x)) - y) < 0.04
            print(f"step {step} loss {value:.5f} correct {correct.mean():.3f}")


if __name__ == "__main__":
    main()
