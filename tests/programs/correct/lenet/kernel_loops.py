"""Convolution as a sum over the 25 positions of the kernel, written to see what a convolution does.

Everything else is LeNet-5 as usual, with the softmax's logarithm at the end.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class Layer(NamedTuple):
    w: jax.Array
    b: jax.Array


class LeNetParams(NamedTuple):
    c1: Layer
    c2: Layer
    d1: Layer
    d2: Layer
    d3: Layer


def init(rng):
    def layer(key, *shape):
        fan_in = int(np.prod(shape[:-1]))
        return Layer(jax.random.normal(key, shape) * (2.0 / fan_in) ** 0.5, jnp.zeros(shape[-1]))

    keys = jax.random.split(rng, 5)
    shapes = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    return LeNetParams(*(layer(key, *shape) for key, shape in zip(keys, shapes)))


def correlate(x, layer, pad):
    """x: [batch, height, width, in], layer.w: [5, 5, in, out]"""
    x = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    kernel_height, kernel_width = layer.w.shape[:2]
    height = x.shape[1] - kernel_height + 1
    width = x.shape[2] - kernel_width + 1
    total = layer.b
    for i in range(kernel_height):
        for j in range(kernel_width):
            window = x[:, i : i + height, j : j + width]
            total = total + window @ layer.w[i, j]
    return total


def pool(x):
    rows = 0.5 * (x[:, ::2] + x[:, 1::2])
    return 0.5 * (rows[:, :, ::2] + rows[:, :, 1::2])


def relu(x):
    return jnp.maximum(x, 0)


def apply(params, x):
    x = pool(relu(correlate(x, params.c1, pad=2)))
    x = pool(relu(correlate(x, params.c2, pad=0)))
    x = x.reshape(x.shape[0], -1)
    x = relu(x @ params.d1.w + params.d1.b)
    x = relu(x @ params.d2.w + params.d2.b)
    x = x @ params.d3.w + params.d3.b
    return jax.nn.log_softmax(x)


def nll(log_probs, labels):
    return -log_probs[jnp.arange(len(labels)), labels]


def loss_fn(params, batch):
    x, labels = batch
    return jnp.mean(nll(apply(params, x), labels))


def make_train_step(tx):
    def train_step(params, opt_state, batch):
        loss, grads = jax.value_and_grad(loss_fn)(params, batch)
        updates, opt_state = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    return jax.jit(train_step)


if __name__ == "__main__":
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.pad(np.kron(digits.images, np.ones((3, 3))) / 16, ((0, 0), (2, 2), (2, 2)))[:, :, :, None]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(x))
    tx = optax.adam(1e-3)
    train_step = make_train_step(tx)
    params = init(jax.random.key(0))
    opt_state = tx.init(params)
    for epoch in range(2):
        for rows in np.array_split(rng.permutation(order[:1500]), 47):
            params, opt_state, loss = train_step(params, opt_state, (x[rows], digits.target[rows]))
    test = order[1500:]
    print("loss", loss, "accuracy", (apply(params, x[test]).argmax(-1) == digits.target[test]).mean())
