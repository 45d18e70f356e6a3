"""Written for one picture and one question; `jax.vmap` adds the batch.

The convolution is done with patches and a matrix product, pooling with a reshape, the LSTM on [x, h] glued together.
"""

from typing import List, NamedTuple, Tuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.lax import conv_general_dilated_patches

Layer = Tuple[jax.Array, jax.Array]


class Params(NamedTuple):
    convs: List[Layer]
    words: jax.Array
    gates: List[Layer]
    dense: List[Layer]


def he_normal(key, fan_in, fan_out):
    return jax.random.normal(key, (fan_in, fan_out)) * jnp.sqrt(2 / fan_in)


def glorot(key, fan_in, fan_out):
    limit = jnp.sqrt(6 / (fan_in + fan_out))
    return jax.random.uniform(key, (fan_in, fan_out), minval=-limit, maxval=limit)


def gate(key, embed, hidden):
    key_x, key_h = jax.random.split(key)
    return jnp.vstack([glorot(key_x, embed, hidden), glorot(key_h, hidden, hidden)]), jnp.zeros(hidden)


def init_params(key, vocab=14, embed=32, hidden=64, classes=5) -> Params:
    kc1, kc2, kw, kg, kd1, kd2 = jax.random.split(key, 6)
    return Params(
        convs=[(he_normal(kc1, 25, 6), jnp.zeros(6)), (he_normal(kc2, 150, 16), jnp.zeros(16))],
        words=jax.random.normal(kw, (vocab, embed)) * embed**-0.5,
        gates=[gate(k, embed, hidden) for k in jax.random.split(kg, 4)],
        dense=[
            (he_normal(kd1, 400 + hidden, 128), jnp.zeros(128)),
            (he_normal(kd2, 128, classes), jnp.zeros(classes)),
        ],
    )


def convolve(layer, x, padding):
    """x: [height, width, channels]"""
    w, b = layer
    patches = conv_general_dilated_patches(
        x[None], (5, 5), (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )[0]
    return patches @ w + b


def halve(x):
    h, w, c = x.shape
    return x.reshape(h // 2, 2, w // 2, 2, c).mean(axis=(1, 3))


def read(gates, vectors):
    (w_f, b_f), (w_i, b_i), (w_o, b_o), (w_c, b_c) = gates
    h = c = jnp.zeros(b_f.shape)

    def word(carry, x):
        h, c = carry
        xh = jnp.concatenate([x, h])
        f = jax.nn.sigmoid(xh @ w_f + b_f)
        i = jax.nn.sigmoid(xh @ w_i + b_i)
        o = jax.nn.sigmoid(xh @ w_o + b_o)
        c = f * c + i * jnp.tanh(xh @ w_c + b_c)
        return (o * jnp.tanh(c), c), ()

    (h, c), _ = jax.lax.scan(word, (h, c), vectors)
    return h


def answer(params: Params, picture, question):
    """[28, 28, 1] and [time] -> [classes]"""
    x = halve(jax.nn.relu(convolve(params.convs[0], picture, "SAME")))
    x = halve(jax.nn.relu(convolve(params.convs[1], x, "VALID")))
    q = read(params.gates, params.words[question])
    z = jnp.concatenate([x.ravel(), q])
    (w1, b1), (w2, b2) = params.dense
    return jax.nn.relu(z @ w1 + b1) @ w2 + b2


forward = jax.vmap(answer, in_axes=(None, 0, 0))


def loss_fn(params, pictures, questions, labels):
    logits = forward(params, pictures, questions)
    log_p = jax.nn.log_softmax(logits, axis=-1)
    return -jnp.mean(jnp.sum(log_p * jax.nn.one_hot(labels, logits.shape[-1]), axis=-1))


tx = optax.adam(3e-4)


@jax.jit
def step(params, opt_state, pictures, questions, labels):
    loss, grads = jax.value_and_grad(loss_fn)(params, pictures, questions, labels)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def sample(rng, n):
    """Where is the spot? Answers: 0 left, 1 right, 2 up, 3 down, 4 none; the question asks for one of two axes."""
    spot = rng.integers(4, 24, (n, 2))
    pictures = np.zeros((n, 28, 28, 1), np.float32)
    shown = rng.random(n) < 0.8
    for k in np.flatnonzero(shown):
        y, x = spot[k]
        pictures[k, y - 3 : y + 3, x - 3 : x + 3] = 1
    axis = rng.integers(0, 2, n)
    questions = rng.integers(3, 14, (n, 4)).astype(np.int32)
    questions[:, 1] = axis + 1
    labels = np.where(axis == 0, spot[:, 1] >= 14, 2 + (spot[:, 0] >= 14))
    return pictures, questions, np.where(shown, labels, 4).astype(np.int32)


def main():
    rng = np.random.default_rng(0)
    params = init_params(jax.random.key(0))
    opt_state = tx.init(params)
    for k in range(1500):
        params, opt_state, loss = step(params, opt_state, *sample(rng, 32))
        if k % 100 == 0:
            print(k, loss)


if __name__ == "__main__":
    main()
