"""Layers as pairs of functions (init, apply), in the spirit of stax, composed into a small LSTM regressor."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import random


def Dense(out_dim):
    def init(key, in_dim):
        limit = jnp.sqrt(6.0 / (in_dim + out_dim))
        w = random.uniform(key, (in_dim, out_dim), minval=-limit, maxval=limit)
        return out_dim, (w, jnp.zeros(out_dim))

    def apply(params, x):
        w, b = params
        return x @ w + b

    return init, apply


def LastLSTM(units):
    """Maps [batch, time, in] to the hidden state after the last step, [batch, units]."""
    gate_init, gate_apply = Dense(units)

    def init(key, in_dim):
        keys = random.split(key, 8)
        input_side = [gate_init(k, in_dim)[1] for k in keys[:4]]
        # the state side has no bias of its own
        state_side = [gate_init(k, units)[1][0] for k in keys[4:]]
        return units, (input_side, state_side)

    def apply(params, x):
        input_side, state_side = params

        def one_step(state, x_t):
            cell, hidden = state
            pre = [gate_apply(p, x_t) + hidden @ u for p, u in zip(input_side, state_side)]
            write, keep, read = [jax.nn.sigmoid(z) for z in pre[:3]]
            new = jnp.tanh(pre[3])
            cell = keep * cell + write * new
            hidden = read * jnp.tanh(cell)
            return (cell, hidden), hidden

        blank = jnp.zeros((x.shape[0], units))
        (cell, hidden), _ = jax.lax.scan(one_step, (blank, blank), jnp.swapaxes(x, 0, 1))
        return hidden

    return init, apply


def Serial(*layers):
    inits, applies = zip(*layers)

    def init(key, in_dim):
        params = []
        for layer_init in inits:
            key, sub = random.split(key)
            in_dim, p = layer_init(sub, in_dim)
            params.append(p)
        return in_dim, params

    def apply(params, x):
        for p, layer_apply in zip(params, applies):
            x = layer_apply(p, x)
        return x

    return init, apply


build, predict = Serial(LastLSTM(128), Dense(1))


def init_params(key):
    _, params = build(key, 2)
    return params


def forward(params, x):
    return predict(params, x)


def mse(params, x, y):
    return jnp.mean((forward(params, x) - y) ** 2)


tx = optax.adam(3e-4)


@jax.jit
def update(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(mse)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def adding(rng, n, t=20):
    x = np.zeros((n, t, 2), np.float32)
    x[..., 0] = rng.uniform(-1, 1, (n, t))
    for row in x:
        row[rng.choice(t // 2, 2, replace=False), 1] = 1
    return x, 0.5 + np.prod(x, axis=-1).sum(axis=-1, keepdims=True) / 4


def main():
    rng = np.random.default_rng(0)
    params = init_params(random.PRNGKey(0))
    opt_state = tx.init(params)
    for i in range(4000):
        params, opt_state, loss = update(params, opt_state, *adding(rng, 32))
        if i % 400 == 0:
            x, y = adding(rng, 256)
            print(i, float(loss), float((jnp.abs(forward(params, x) - y) < 0.04).mean()))


if __name__ == "__main__":
    main()
