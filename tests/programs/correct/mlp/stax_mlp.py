"""MLP built with stax and trained with JAX's example optimizers."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from jax.example_libraries import optimizers, stax
from jax.example_libraries.stax import Dense, LogSoftmax, Relu
from jax.nn.initializers import he_normal, zeros
from sklearn.datasets import load_breast_cancer

init_fun, apply_fun = stax.serial(
    Dense(64, W_init=he_normal(), b_init=zeros),
    Relu,
    Dense(2, W_init=he_normal(), b_init=zeros),
    LogSoftmax,
)


def loss(params, batch):
    inputs, targets = batch
    log_probs = apply_fun(params, inputs)
    return -jnp.mean(jnp.sum(log_probs * targets, axis=1))


def accuracy(params, batch):
    inputs, targets = batch
    return jnp.mean(jnp.argmax(apply_fun(params, inputs), axis=1) == jnp.argmax(targets, axis=1))


opt_init, opt_update, get_params = optimizers.adam(3e-4)


@jax.jit
def update(i, opt_state, batch):
    params = get_params(opt_state)
    return opt_update(i, jax.grad(loss)(params, batch), opt_state)


def data_stream(x, y, batch_size=32, seed=0):
    rng = np.random.RandomState(seed)
    while True:
        perm = rng.permutation(len(x))
        for i in range(0, len(x), batch_size):
            idx = perm[i : i + batch_size]
            yield x[idx], y[idx]


def load():
    data = load_breast_cancer()
    x = data.data.astype(np.float32)
    y = np.eye(2, dtype=np.float32)[data.target]
    order = np.random.RandomState(2).permutation(len(x))
    x, y = x[order], y[order]
    mean, std = x[:400].mean(0), x[:400].std(0)
    x = (x - mean) / std
    return (x[:400], y[:400]), (x[400:], y[400:])


if __name__ == "__main__":
    train, test = load()
    _, init_params = init_fun(random.PRNGKey(0), (-1, 30))
    opt_state = opt_init(init_params)
    stream = data_stream(*train)
    counter = itertools.count()
    for epoch in range(50):
        for _ in range(13):
            opt_state = update(next(counter), opt_state, next(stream))
        print(f"epoch {epoch}: test accuracy {accuracy(get_params(opt_state), test):.4f}")
