# CS 4780 HW3, problem 2: multilayer perceptron
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

SIZES = [30, 256, 256, 2]


def init_params(key, sizes=SIZES):
    keys = jax.random.split(key, len(sizes) - 1)
    weights = [jax.random.normal(k, (m, n)) * jnp.sqrt(2 / m)
               for k, m, n in zip(keys, sizes[:-1], sizes[1:])]
    biases = [jnp.zeros(n) for n in sizes[1:]]
    return list(zip(weights, biases))


def linear(w, b, v):
    return v @ w + b


def predict(params, v):
    """scores of ONE example v: (30,) -> (2,)"""
    *hidden, (w_out, b_out) = params
    for (w, b) in hidden:
        v = linear(w, b, v)
        v = jnp.where(v > 0, v, 0.0)
    return w_out.T @ v + b_out


def forward(params, X):
    return jax.vmap(partial(predict, params))(X)


def cross_entropy(params, X, y):
    scores = forward(params, X)
    logp = jax.vmap(jax.nn.log_softmax)(scores)
    hits = jnp.eye(scores.shape[1])[y]
    return -(logp * hits).sum() / len(y)


@jax.jit
def update(params, X, y, lr=0.01):
    grads = jax.grad(cross_entropy)(params, X, y)
    return [(w - lr * dw, b - lr * db)
            for (w, b), (dw, db) in zip(params, grads)]


def accuracy(params, X, y):
    return jnp.mean(forward(params, X).argmax(axis=1) == y)


def iterate_minibatches(X, y, batch_size, seed=0):
    order = np.random.default_rng(seed).permutation(len(X))
    for i in range(0, len(order), batch_size):
        rows = order[i:i + batch_size]
        yield X[rows], y[rows]


def fit(X, y, epochs=5, batch_size=32):
    params = init_params(jax.random.PRNGKey(4780))
    for epoch in range(epochs):
        for xb, yb in iterate_minibatches(X, y, batch_size, seed=epoch):
            params = update(params, xb, yb)
    return params
