"""An LSTM on the adding problem with Adam, clipping and the train state written by hand."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

HIDDEN = 64
LEARNING_RATE = 1e-3
MAX_NORM = 1.0


class AdamState(NamedTuple):
    count: jax.Array
    m: Any
    v: Any


class TrainState(NamedTuple):
    params: Any
    adam: AdamState


def init_params(key):
    kx, kh, ko = jax.random.split(key, 3)
    glorot = jax.nn.initializers.glorot_uniform()
    return {
        "wx": jnp.hstack([glorot(key, (2, HIDDEN)) for key in jax.random.split(kx, 4)]),
        "wh": jnp.hstack([glorot(key, (HIDDEN, HIDDEN)) for key in jax.random.split(kh, 4)]),
        "b": jnp.zeros(4 * HIDDEN),
        "wo": glorot(ko, (HIDDEN, 1)),
        "bo": jnp.zeros(1),
    }


def init_state(key):
    params = init_params(key)
    zeros = jax.tree.map(jnp.zeros_like, params)
    return TrainState(params, AdamState(jnp.zeros((), jnp.int32), zeros, zeros))


def apply(params, x):
    def step(carry, x_t):
        h, c = carry
        z = x_t @ params["wx"] + h @ params["wh"] + params["b"]
        i, f, g, o = jnp.split(z, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), None

    zeros = jnp.zeros((x.shape[0], HIDDEN))
    (h, _), _ = jax.lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))
    return h @ params["wo"] + params["bo"]


def mse(params, x, y):
    return jnp.mean((apply(params, x) - y) ** 2)


def clip(grads):
    """Gradients scaled so that their global norm is at most MAX_NORM."""
    norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(grads)))
    scale = jnp.minimum(1.0, MAX_NORM / (norm + 1e-6))
    return jax.tree.map(lambda g: g * scale, grads)


def adam_update(grads, state):
    count = state.count + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.m, grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, state.v, grads)
    step = lambda m, v: -LEARNING_RATE * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)
    return jax.tree.map(step, m, v), AdamState(count, m, v)


@jax.jit
def train_step(state: TrainState, x, y):
    loss, grads = jax.value_and_grad(mse)(state.params, x, y)
    updates, adam = adam_update(clip(grads), state.adam)
    params = jax.tree.map(lambda p, u: p + u, state.params, updates)
    return TrainState(params, adam), loss


def adding(rng, n, steps=20):
    values, marks = rng.uniform(-1, 1, (n, steps)), np.zeros((n, steps))
    marks[np.arange(n), rng.integers(0, steps // 2, n)] = 1
    marks[np.arange(n), rng.integers(steps // 2, steps, n)] = 1
    y = 0.5 + (values * marks).sum(1, keepdims=True) / 4
    return np.stack([values, marks], -1).astype(np.float32), y.astype(np.float32)


def main():
    rng = np.random.default_rng(0)
    state = init_state(jax.random.key(0))
    for i in range(2000):
        state, loss = train_step(state, *adding(rng, 32))
        if i % 200 == 0:
            print(i, float(loss))


if __name__ == "__main__":
    main()
