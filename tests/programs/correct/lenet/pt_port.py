"""MNIST convnet, ported by hand from an old PyTorch script.

Everything stays channels-first inside, so that the weights of the .pt file can
be copied over without permuting anything (OIHW kernels, [out, in] matrices).
"""
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax, random


class Net(NamedTuple):
    w1: jax.Array
    b1: jax.Array
    w2: jax.Array
    b2: jax.Array
    w3: jax.Array
    b3: jax.Array
    w4: jax.Array
    b4: jax.Array


def kaiming(key, shape):
    fan_in = shape[1] * shape[2] * shape[3] if len(shape) == 4 else shape[1]
    return random.normal(key, shape) * (2.0 / fan_in) ** 0.5


def init_params(key):
    ks = random.split(key, 4)
    return Net(
        w1=kaiming(ks[0], (6, 1, 5, 5)),
        b1=jnp.zeros(6),
        w2=kaiming(ks[1], (8, 6, 5, 5)),
        b2=jnp.zeros(8),
        w3=kaiming(ks[2], (64, 8 * 4 * 4)),
        b3=jnp.zeros(64),
        w4=kaiming(ks[3], (10, 64)),
        b4=jnp.zeros(10),
    )


def conv2d(x, w):
    return lax.conv_general_dilated(x, w, (1, 1), "VALID",
                                    dimension_numbers=("NCHW", "OIHW", "NCHW"))


def max_pool(x, k=2):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, k, k), (1, 1, k, k), "VALID")


def forward(p, images):
    x = images.transpose(0, 3, 1, 2)
    x = conv2d(x, p.w1) + p.b1[:, None, None]
    x = max_pool(jax.nn.relu(x))
    x = conv2d(x, p.w2) + p.b2[:, None, None]
    x = max_pool(jax.nn.relu(x))
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ p.w3.T + p.b3)
    return x @ p.w4.T + p.b4


def loss_fn(p, x, y):
    logits = forward(p, x)
    log_p = logits - jax.nn.logsumexp(logits, axis=1, keepdims=True)
    picked = log_p[jnp.arange(len(y)), y]
    return -jnp.mean(picked)


@jax.jit
def update(p, x, y, lr=0.05):
    value, g = jax.value_and_grad(loss_fn)(p, x, y)
    return jax.tree.map(lambda w, dw: w - lr * dw, p, g), value


if __name__ == "__main__":
    from sklearn.datasets import load_digits
    d = load_digits()
    big = jnp.pad(jnp.repeat(jnp.repeat(d.images / 16.0, 3, 1), 3, 2), ((0, 0), (2, 2), (2, 2)))
    xs, ys = big[..., None].astype(jnp.float32), jnp.asarray(d.target)
    net = init_params(random.PRNGKey(0))
    for step in range(200):
        i = (step * 64) % 1536
        net, value = update(net, xs[i:i + 64], ys[i:i + 64])
    print("loss", value)
