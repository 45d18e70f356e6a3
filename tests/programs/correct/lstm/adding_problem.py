"""Homework 3, question 2: the adding problem (Hochreiter & Schmidhuber, 1997).

Every sequence is a list of (value, marker) pairs, read from left to right; after
the last pair the network must answer 0.5 + (X1 + X2) / 4.
No neural-network library allowed, only jax.numpy and jax.lax.
"""
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


class Gate(NamedTuple):
    W: jax.Array  # (hidden, features)
    U: jax.Array  # (hidden, hidden)
    b: jax.Array  # (hidden,)


class Params(NamedTuple):
    forget: Gate
    remember: Gate
    emit: Gate
    propose: Gate
    readout_w: jax.Array
    readout_b: jax.Array


def make_gate(key, n_in, n_hidden, bias=0.0):
    kw, ku = jax.random.split(key)
    return Gate(
        W=jax.random.normal(kw, (n_hidden, n_in)) / jnp.sqrt(n_in),
        U=jax.nn.initializers.orthogonal()(ku, (n_hidden, n_hidden)),
        b=jnp.full((n_hidden,), bias),
    )


def init_params(key, n_in=2, n_hidden=64, n_out=1):
    ks = jax.random.split(key, 5)
    return Params(
        forget=make_gate(ks[0], n_in, n_hidden, bias=1.0),
        remember=make_gate(ks[1], n_in, n_hidden),
        emit=make_gate(ks[2], n_in, n_hidden),
        propose=make_gate(ks[3], n_in, n_hidden),
        readout_w=jax.random.normal(ks[4], (n_out, n_hidden)) / jnp.sqrt(n_hidden),
        readout_b=jnp.zeros((n_out,)),
    )


def pre(gate, x, h):
    return gate.W @ x + gate.U @ h + gate.b


def read_sequence(params, xs):
    """One sequence (time, features) -> one answer (outputs,)."""
    nothing = jnp.zeros_like(params.forget.b)
    blank = (nothing, nothing)

    def step(carry, x):
        h, c = carry
        f = jax.nn.sigmoid(pre(params.forget, x, h))
        i = jax.nn.sigmoid(pre(params.remember, x, h))
        o = jax.nn.sigmoid(pre(params.emit, x, h))
        g = jnp.tanh(pre(params.propose, x, h))
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), None

    (h, c), _ = lax.scan(step, blank, xs)
    return params.readout_w @ h + params.readout_b


def forward(params, xs):
    return jax.vmap(read_sequence, in_axes=(None, 0))(params, xs)


def loss_fn(params, xs, ys):
    answers = forward(params, xs)[:, 0]
    return jnp.mean(jnp.square(answers - ys))


tx = optax.adam(3e-4)


@jax.jit
def train_step(params, opt_state, xs, ys):
    value, grads = jax.value_and_grad(loss_fn)(params, xs, ys)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def make_data(rng, n, steps=20):
    values = rng.uniform(-1, 1, (n, steps)).astype(np.float32)
    first = rng.integers(0, steps // 4, n)
    second = rng.integers(steps // 4, steps // 2, n)
    marks = np.zeros_like(values)
    marks[np.arange(n), first] = 1
    marks[np.arange(n), second] = 1
    return np.stack([values, marks], -1), 0.5 + (values * marks).sum(1) / 4


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    for it in range(3000):
        params, opt_state, value = train_step(params, opt_state, *make_data(rng, 64))
        if it % 100 == 0:
            print(it, float(value))
