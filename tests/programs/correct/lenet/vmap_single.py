"""LeNet written for ONE picture; vmap supplies the batch.

The convolution is a sum over kernel offsets of shifted images, each mixed over
channels with einsum. No convolution primitive is used anywhere.
"""
import functools

import jax
import jax.numpy as jnp
import optax
from jax import random

SIZES = dict(c1=6, c2=8, d1=100, d2=60, classes=10)


def layer(key, *shape):
    *receptive, n_out = shape
    fan = functools.reduce(lambda a, b: a * b, receptive)
    return random.normal(key, shape) * jnp.sqrt(2 / fan), jnp.zeros((n_out,))


def init_network_params(key):
    k1, k2, k3, k4, k5 = random.split(key, 5)
    s = SIZES
    return [
        layer(k1, 5, 5, 1, s["c1"]),
        layer(k2, 5, 5, s["c1"], s["c2"]),
        layer(k3, 4 * 4 * s["c2"], s["d1"]),
        layer(k4, s["d1"], s["d2"]),
        layer(k5, s["d2"], s["classes"]),
    ]


def shift_conv(img, w):
    rows, cols = img.shape[0] - w.shape[0] + 1, img.shape[1] - w.shape[1] + 1
    acc = jnp.zeros((rows, cols, w.shape[-1]))
    for dy in range(w.shape[0]):
        for dx in range(w.shape[1]):
            window = img[dy:dy + rows, dx:dx + cols]
            acc += jnp.einsum("hwi,io->hwo", window, w[dy, dx])
    return acc


def shrink(plane):
    """Average 2x2 cells of a single [h, w] plane."""
    h, w = plane.shape
    return plane.reshape(h // 2, 2, w // 2, 2).mean(axis=(1, 3))


def predict_one(params, img):
    (w1, b1), (w2, b2), (w3, b3), (w4, b4), (w5, b5) = params
    maps = jax.nn.relu(shift_conv(img, w1) + b1)
    maps = jax.vmap(shrink, in_axes=-1, out_axes=-1)(maps)
    maps = jax.nn.relu(shift_conv(maps, w2) + b2)
    pooled = jax.vmap(shrink, in_axes=-1, out_axes=-1)(maps)
    h = jax.nn.relu(jnp.einsum("i,ij->j", pooled.ravel(), w3) + b3)
    h = jax.nn.relu(jnp.einsum("i,ij->j", h, w4) + b4)
    return jnp.einsum("i,ij->j", h, w5) + b5


predict = jax.vmap(predict_one, in_axes=(None, 0))


def loss(params, batch):
    imgs, targets = batch
    scores = predict(params, imgs)
    truth = jax.nn.one_hot(targets, SIZES["classes"])
    log_probs = jax.nn.log_softmax(scores)
    return -(truth * log_probs).sum() / len(targets)


optimizer = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(2e-3))


@jax.jit
def step(params, opt_state, batch):
    value, grads = jax.value_and_grad(loss)(params, batch)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def accuracy(params, batch):
    imgs, targets = batch
    return jnp.mean(predict(params, imgs).argmax(axis=1) == targets)
