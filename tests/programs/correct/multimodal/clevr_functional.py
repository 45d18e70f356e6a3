"""CLEVR-lite with nothing but jax.numpy, jax.lax and a dictionary of arrays.

Pictures are NHWC outside and NCHW inside (I wrote the convolutions with torch's
layout in mind, kernels are OIHW).  Questions are word ids.
"""
import math

import jax
import jax.numpy as jnp
import optax
from jax import lax

WIDTH = 64  # of word vectors and of the LSTM


def he(key, shape):
    fan_in = math.prod(shape[1:])  # OIHW
    return jax.random.normal(key, shape) * math.sqrt(2.0 / fan_in)


def glorot(key, shape):
    return jax.random.normal(key, shape) * math.sqrt(2.0 / (shape[0] + shape[1]))


def init_params(key, vocab_size=20, num_classes=10):
    key = iter(jax.random.split(key, 12))
    p = {"c1.w": he(next(key), (6, 1, 5, 5)), "c1.b": jnp.zeros(6)}
    p |= {"c2.w": he(next(key), (16, 6, 5, 5)), "c2.b": jnp.zeros(16)}
    p |= {"words": jax.random.normal(next(key), (vocab_size, WIDTH)) * 0.1}
    for g in "ifgo":
        p[f"{g}.x"] = glorot(next(key), (WIDTH, WIDTH))
        p[f"{g}.h"] = glorot(next(key), (WIDTH, WIDTH))
        p[f"{g}.b"] = jnp.zeros(WIDTH)
    fuse, out = jax.random.split(jax.random.fold_in(next(key), 1))
    p |= {"fuse.w": he(fuse, (128, 400 + WIDTH)), "fuse.b": jnp.zeros(128)}
    p |= {"out.w": he(out, (num_classes, 128)), "out.b": jnp.zeros(num_classes)}
    return p


def conv(x, w, b, pad):
    y = lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return y + b[None, :, None, None]


def halve(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 2, 2), "VALID") / 4.0


def look(p, image):
    x = image.transpose(0, 3, 1, 2)
    x = halve(jax.nn.relu(conv(x, p["c1.w"], p["c1.b"], 2)))
    x = halve(jax.nn.relu(conv(x, p["c2.w"], p["c2.b"], 0)))
    return x.reshape(x.shape[0], -1)


def read(p, words):
    vectors = p["words"][words]
    vectors = vectors.transpose(1, 0, 2)
    zeros = jnp.zeros(vectors.shape[1:])

    def step(state, v):
        h, c = state
        i = jax.nn.sigmoid(v @ p["i.x"] + h @ p["i.h"] + p["i.b"])
        f = jax.nn.sigmoid(v @ p["f.x"] + h @ p["f.h"] + p["f.b"])
        g = jnp.tanh(v @ p["g.x"] + h @ p["g.h"] + p["g.b"])
        o = jax.nn.sigmoid(v @ p["o.x"] + h @ p["o.h"] + p["o.b"])
        c = f * c + i * g
        return (o * jnp.tanh(c), c), ()

    (h, _), _ = lax.scan(step, (zeros, zeros), vectors)
    return h


def forward(p, image, words):
    z = jnp.concatenate([look(p, image), read(p, words)], axis=1)
    z = z @ p["fuse.w"].T + p["fuse.b"]
    z = jnp.maximum(z, 0.0)
    return z @ p["out.w"].T + p["out.b"]


def loss_fn(p, batch):
    image, words, label = batch
    scores = forward(p, image, words)
    scores = scores - scores.max(axis=1, keepdims=True)
    right = jnp.take_along_axis(scores, label[:, None], axis=1)[:, 0]
    return jnp.mean(jnp.log(jnp.exp(scores).sum(axis=1)) - right)


tx = optax.adam(3e-4)


@jax.jit
def update(p, opt_state, batch):
    loss, grad = jax.value_and_grad(loss_fn)(p, batch)
    change, opt_state = tx.update(grad, opt_state)
    return optax.apply_updates(p, change), opt_state, loss


if __name__ == "__main__":
    p = init_params(jax.random.key(0))
    s = tx.init(p)
    k = jax.random.key(1)
    data = jax.random.uniform(k, (8, 28, 28, 1)), jax.random.randint(k, (8, 6), 0, 20), jnp.arange(8)
    for _ in range(5):
        p, s, loss = update(p, s, data)
        print(loss)
