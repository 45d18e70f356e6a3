"""LeNet with channels first, in plain JAX: lax.conv, a list of (weight, bias) and no framework."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, random

CONV_SHAPES = [(6, 1, 5, 5), (16, 6, 5, 5)]  # out, in, height, width
DENSE_SHAPES = [(400, 120), (120, 84), (84, 10)]  # in, out


def init_params(key):
    keys = random.split(key, len(CONV_SHAPES) + len(DENSE_SHAPES))
    params = []
    for k, shape in zip(keys[:2], CONV_SHAPES):
        fan_in = shape[1] * shape[2] * shape[3]
        params.append((random.normal(k, shape) * jnp.sqrt(2 / fan_in), jnp.zeros(shape[0])))
    for k, shape in zip(keys[2:], DENSE_SHAPES):
        params.append((random.normal(k, shape) * jnp.sqrt(2 / shape[0]), jnp.zeros(shape[1])))
    return params


def average_pool(x):
    total = lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return total / 4.0


def conv(x, weight, bias, padding):
    return lax.conv(x, weight, (1, 1), padding) + bias[None, :, None, None]


def forward(params, x):
    """x: (batch, 1, 28, 28)"""
    (w1, b1), (w2, b2), *dense = params
    x = average_pool(jax.nn.relu(conv(x, w1, b1, "SAME")))
    x = average_pool(jax.nn.relu(conv(x, w2, b2, "VALID")))
    x = x.reshape(x.shape[0], -1)
    for w, b in dense[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = dense[-1]
    return x @ w + b


def loss_fn(params, x, y):
    logits = forward(params, x)
    one_hot = jax.nn.one_hot(y, 10)
    return -jnp.mean(jnp.sum(one_hot * jax.nn.log_softmax(logits), axis=-1))


tx = optax.adam(1e-3)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def preprocess(images):
    """bytes (n, 28, 28) to floats (n, 1, 28, 28)"""
    return np.asarray(images, np.float32)[:, None] / 255


def load_data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    bytes_ = np.round(digits.images * 255 / 16).astype(np.uint8)
    bytes_ = np.pad(bytes_.repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2)))
    return bytes_, digits.target


if __name__ == "__main__":
    images, labels = load_data()
    order = np.random.default_rng(0).permutation(len(labels))
    x, y = preprocess(images[order]), labels[order]
    params = init_params(random.key(0))
    opt_state = tx.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(1400), 44):
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows])
        print(epoch, float(loss), float((forward(params, x[1400:]).argmax(1) == y[1400:]).mean()))
