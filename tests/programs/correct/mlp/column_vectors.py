"""MLP in the notation of the lecture notes: examples are columns, a = W x + b."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import random


def init_params(key, sizes=(30, 64, 2)):
    """One (W, b) a layer; W has a row for each unit and b is a column."""
    params = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        key, sub = random.split(key)
        W = random.truncated_normal(sub, -2.0, 2.0, (n_out, n_in)) * jnp.sqrt(2.0 / n_in) / 0.87962566
        params.append((W, jnp.zeros((n_out, 1))))
    return params


def forward(params, x):
    """x: (batch, features) -> (batch, classes)"""
    (W1, b1), (W2, b2) = params
    X = x.T
    Z1 = jnp.einsum("hf,fb->hb", W1, X) + b1
    A1 = jax.nn.relu(Z1)
    Z2 = jnp.einsum("ch,hb->cb", W2, A1) + b2
    return Z2.T


def loss_fn(params, batch):
    scores = forward(params, batch["x"])
    targets = jnp.eye(scores.shape[1])[batch["y"]]
    log_likelihood = jnp.sum(jax.nn.log_softmax(scores, axis=1) * targets)
    return -log_likelihood / scores.shape[0]


optimizer = optax.rmsprop(1e-3)


@jax.jit
def train_step(params, opt_state, batch):
    loss, gradient = jax.value_and_grad(loss_fn)(params, batch)
    step, opt_state = optimizer.update(gradient, opt_state, params)
    params = jax.tree.map(jnp.add, params, step)
    return params, opt_state, loss


def accuracy(params, x, y):
    return float(jnp.mean(jnp.argmax(forward(params, x), axis=1) == y))


def prepare(raw, reference):
    """z-scores with the statistics of `reference`"""
    return (raw - reference.mean(axis=0)) / reference.std(axis=0)


if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer

    rng = np.random.default_rng(11)
    raw, labels = load_breast_cancer(return_X_y=True)
    order = rng.permutation(len(raw))
    raw, labels = raw[order], labels[order]
    n = 400
    x_train, x_test = prepare(raw[:n], raw[:n]), prepare(raw[n:], raw[:n])

    params = init_params(random.PRNGKey(0))
    state = optimizer.init(params)
    for epoch in range(40):
        shuffled = rng.permutation(n)
        for start in range(0, n, 40):
            take = shuffled[start : start + 40]
            params, state, loss = train_step(params, state, {"x": x_train[take], "y": labels[take]})
        print(f"{epoch:3d} {loss:.4f} {accuracy(params, x_test, labels[n:]):.4f}")
