"""Gesture recognition with a bidirectional LSTM.

Research code: parameters are flax.struct dataclasses, no module system.  Internally
everything is time-first.  The network returns class probabilities.
"""
import math

import jax
import jax.numpy as jnp
import optax
from flax import struct

N_GESTURES = 5
EPS = 1e-7


@struct.dataclass
class Direction:
    wx: jax.Array  # (4, features, hidden)   forget, input, output, candidate
    wh: jax.Array  # (4, hidden, hidden)
    b: jax.Array  # (4, hidden)


@struct.dataclass
class BiLSTM:
    ahead: Direction
    back: Direction
    proj: jax.Array
    offset: jax.Array


def glorot(key, *shape):
    limit = math.sqrt(6.0 / (shape[-2] + shape[-1]))
    return jax.random.uniform(key, shape, minval=-limit, maxval=limit)


def init_direction(key, features, hidden):
    kx, kh = jax.random.split(key)
    b = jnp.zeros((4, hidden)).at[0].set(1.0)
    return Direction(glorot(kx, 4, features, hidden), glorot(kh, 4, hidden, hidden), b)


def init_params(key, features=2, hidden=40, num_classes=N_GESTURES):
    k_ahead, k_back, k_proj = jax.random.split(key, 3)
    return BiLSTM(
        ahead=init_direction(k_ahead, features, hidden),
        back=init_direction(k_back, features, hidden),
        proj=glorot(k_proj, 2 * hidden, num_classes),
        offset=jnp.zeros(num_classes),
    )


def walk(d: Direction, seq):
    """seq: (time, features), one recording; the hidden state at every step."""

    def one_step(hc, x):
        h, c = hc
        a = jnp.einsum("f,gfh->gh", x, d.wx) + jnp.einsum("k,gkh->gh", h, d.wh) + d.b
        keep, write, show = jax.nn.sigmoid(a[0]), jax.nn.sigmoid(a[1]), jax.nn.sigmoid(a[2])
        c = keep * c + write * jnp.tanh(a[3])
        h = show * jnp.tanh(c)
        return (h, c), h

    rest = jnp.zeros(d.wh.shape[-1])
    _, hs = jax.lax.scan(one_step, (rest, rest), seq)
    return hs


def forward(params: BiLSTM, x):
    frames = jnp.swapaxes(x, 0, 1)  # (time, batch, features)
    over_batch = jax.vmap(walk, in_axes=(None, 1), out_axes=1)
    left_right = over_batch(params.ahead, frames)[-1]
    right_left = over_batch(params.back, frames[::-1])[-1]
    both = jnp.concatenate([left_right, right_left], axis=-1)
    return jax.nn.softmax(both @ params.proj + params.offset, axis=-1)


def loss_fn(params, x, labels):
    probs = forward(params, x)
    p_true = probs[jnp.arange(labels.shape[0]), labels]
    nll = -jnp.log(jnp.clip(p_true, EPS, 1.0))
    return nll.mean()


optimizer = optax.adam(optax.cosine_decay_schedule(1e-3, 5000))


@jax.jit
def step(params, opt_state, x, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, labels)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


if __name__ == "__main__":
    params = init_params(jax.random.key(3))
    opt_state = optimizer.init(params)
    for n in range(50):
        k1, k2 = jax.random.split(jax.random.key(n))
        y = jax.random.randint(k1, (16,), 0, N_GESTURES)
        x = jax.random.normal(k2, (16, 20, 2)) + y[:, None, None] / 3
        params, opt_state, loss = step(params, opt_state, x, y)
    print("loss", loss)
