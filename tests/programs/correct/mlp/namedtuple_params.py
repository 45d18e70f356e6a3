"""MLP whose parameters are nested NamedTuples; the input comes first, the parameters last."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.nn.initializers import he_normal


class Affine(NamedTuple):
    weight: jax.Array
    bias: jax.Array


class Params(NamedTuple):
    hidden: Affine
    readout: Affine


def affine_init(key, n_in, n_out):
    return Affine(weight=he_normal()(key, (n_in, n_out)), bias=jnp.zeros((n_out,)))


def init(key, n_in=30, n_hidden=64, n_out=2):
    key_hidden, key_readout = jax.random.split(key)
    return Params(
        hidden=affine_init(key_hidden, n_in, n_hidden),
        readout=affine_init(key_readout, n_hidden, n_out),
    )


def affine(x, layer):
    return jnp.matmul(x, layer.weight) + layer.bias


def apply(x, params):
    activation = jax.nn.relu(affine(x, params.hidden))
    return affine(activation, params.readout)


def loss(params, x, labels):
    logits = apply(x, params)
    assert labels.ndim == 1
    return jnp.average(optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels))


opt = optax.sgd(0.05, momentum=0.9)


@jax.jit
def step(params, opt_state, x, labels):
    value, grads = jax.value_and_grad(loss)(params, x, labels)
    delta, opt_state = opt.update(grads, opt_state, params)
    params = optax.apply_updates(params, delta)
    return params, opt_state, value


def standardize(train, *others):
    mean = train.mean(axis=0, keepdims=True)
    std = train.std(axis=0, keepdims=True)
    return [((array - mean) / std).astype(np.float32) for array in (train, *others)]


def fit(x, labels, epochs=30, batch_size=32, seed=0):
    rng = np.random.default_rng(seed)
    params = init(jax.random.key(seed))
    opt_state = opt.init(params)
    for _ in range(epochs):
        for chunk in np.array_split(rng.permutation(len(x)), max(1, len(x) // batch_size)):
            params, opt_state, _ = step(params, opt_state, x[chunk], labels[chunk])
    return params


if __name__ == "__main__":
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    features, target = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(features, target, test_size=0.25, random_state=0)
    x_train, x_test = standardize(x_train, x_test)
    fitted = fit(x_train, y_train)
    print("test accuracy", float(jnp.mean(jnp.argmax(apply(x_test, fitted), axis=1) == y_test)))
