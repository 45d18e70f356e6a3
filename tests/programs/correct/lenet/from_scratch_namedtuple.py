"""LeNet from scratch: no NN library, only jax.lax. CS course, assignment 3."""
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax, random


class Layer(NamedTuple):
    w: jax.Array
    b: jax.Array


class LeNetParams(NamedTuple):
    conv1: Layer
    conv2: Layer
    dense1: Layer
    dense2: Layer
    dense3: Layer


def kaiming(key, shape, fan_in):
    std = jnp.sqrt(2.0 / fan_in)
    return std * random.normal(key, shape)


def init_params(key):
    k1, k2, k3, k4, k5 = random.split(key, 5)
    return LeNetParams(
        conv1=Layer(kaiming(k1, (5, 5, 1, 6), 5 * 5 * 1), jnp.zeros(6)),
        conv2=Layer(kaiming(k2, (5, 5, 6, 16), 5 * 5 * 6), jnp.zeros(16)),
        dense1=Layer(kaiming(k3, (400, 120), 400), jnp.zeros(120)),
        dense2=Layer(kaiming(k4, (120, 84), 120), jnp.zeros(84)),
        dense3=Layer(kaiming(k5, (84, 10), 84), jnp.zeros(10)),
    )


def conv2d(x, layer, pad):
    y = lax.conv_general_dilated(
        x, layer.w, window_strides=(1, 1), padding=[(pad, pad), (pad, pad)],
        dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return y + layer.b


def mean_pool(x):
    total = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return total / 4.0


def affine(x, layer):
    return jnp.matmul(x, layer.w) + layer.b


def relu(x):
    return jnp.maximum(x, 0.0)


def forward(params, x):
    h1 = mean_pool(relu(conv2d(x, params.conv1, pad=2)))      # 14x14x6
    h2 = mean_pool(relu(conv2d(h1, params.conv2, pad=0)))     # 5x5x16
    flat = jnp.reshape(h2, (h2.shape[0], -1))
    h3 = relu(affine(flat, params.dense1))
    h4 = relu(affine(h3, params.dense2))
    return affine(h4, params.dense3)


def loss(params, x, y):
    scores = forward(params, x)
    scores = scores - lax.stop_gradient(scores.max(axis=1, keepdims=True))
    log_z = jnp.log(jnp.exp(scores).sum(axis=1))
    correct = scores[jnp.arange(len(y)), y]
    return jnp.mean(log_z - correct)


opt = optax.adam(3e-4)


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = opt.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


if __name__ == "__main__":
    x = random.uniform(random.PRNGKey(1), (32, 28, 28, 1))
    y = random.randint(random.PRNGKey(2), (32,), 0, 10)
    p = init_params(random.PRNGKey(0))
    s = opt.init(p)
    for step in range(5):
        p, s, l = update(p, s, x, y)
        print(step, l)
