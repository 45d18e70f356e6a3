"""One patient at a time: every function takes a vector, vmap adds the batch."""
import typing as t

import jax
import jax.numpy as jnp
from jax import lax


class Dense(t.NamedTuple):
    kernel: jax.Array   # [out, in]
    offset: jax.Array   # [out]


class MLP(t.NamedTuple):
    first: Dense
    second: Dense
    third: Dense


def dense_init(key, n_in, n_out):
    std = 1.0 / n_in ** 0.5
    return Dense(std * jax.random.normal(key, (n_out, n_in)), jnp.zeros(n_out))


def init(key, features=30, hidden=16, classes=2):
    a, b, c = jax.random.split(key, 3)
    return MLP(dense_init(a, features, hidden),
               dense_init(b, hidden, hidden),
               dense_init(c, hidden, classes))


def softmax(v):
    e = jnp.exp(v - lax.stop_gradient(jnp.max(v)))
    return e / jnp.sum(e)


def scores(net, v):
    v = jnp.tanh(net.first.kernel @ v + net.first.offset)
    v = jnp.tanh(net.second.kernel @ v + net.second.offset)
    return net.third.kernel @ v + net.third.offset


def apply(net, batch):
    """Class probabilities, [patients, classes]."""
    z = jax.vmap(scores, in_axes=(None, 0))(net, batch)
    return jax.vmap(softmax)(z)


def surprise(p, k):
    """-log p[k], finite even where p[k] underflows."""
    return -jnp.log(jnp.maximum(p[k], 1e-12))


def loss_fn(net, batch, labels):
    probs = apply(net, batch)
    return jax.vmap(surprise)(probs, labels).mean()


@jax.jit
def update(net, batch, labels, rate=0.05):
    value, slope = jax.value_and_grad(loss_fn)(net, batch, labels)
    return jax.tree.map(lambda w, s: w - rate * s, net, slope), value


def train(net, data, labels, steps=100, size=32):
    def body(net, i):
        start = (i * size) % (data.shape[0] - size + 1)
        rows = lax.dynamic_slice_in_dim(data, start, size)
        marks = lax.dynamic_slice_in_dim(labels, start, size)
        return update(net, rows, marks)
    return lax.scan(body, net, jnp.arange(steps))
