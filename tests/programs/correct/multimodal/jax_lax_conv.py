"""Picture + question classifier with nothing but jax.lax: convolution, reduce_window, scan.

Parameters are one nested dict. Images are NHWC in [0, 1], questions int ids of equal length.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, random

DIMS = ("NHWC", "HWIO", "NHWC")


def he_conv(key, h, w, c_in, c_out):
    return random.normal(key, (h, w, c_in, c_out)) * jnp.sqrt(2.0 / (h * w * c_in))


def he_dense(key, n_in, n_out):
    return random.normal(key, (n_in, n_out)) * jnp.sqrt(2.0 / n_in)


def glorot_gates(key, n_in, n_out):
    limit = jnp.sqrt(6.0 / (n_in + n_out))
    return random.uniform(key, (n_in, 4 * n_out), minval=-limit, maxval=limit)


def init_params(key, vocab=14, embed=32, hidden=64, classes=5):
    k = random.split(key, 7)
    return {
        "conv1": {"w": he_conv(k[0], 5, 5, 1, 6), "b": jnp.zeros(6)},
        "conv2": {"w": he_conv(k[1], 5, 5, 6, 16), "b": jnp.zeros(16)},
        "embed": random.normal(k[2], (vocab, embed)) / jnp.sqrt(embed),
        "lstm": {
            "wx": glorot_gates(k[3], embed, hidden),
            "wh": glorot_gates(k[4], hidden, hidden),
            "b": jnp.zeros(4 * hidden),
        },
        "dense": {"w": he_dense(k[5], 400 + hidden, 128), "b": jnp.zeros(128)},
        "out": {"w": he_dense(k[6], 128, classes), "b": jnp.zeros(classes)},
    }


def conv(p, x, padding):
    return lax.conv_general_dilated(x, p["w"], (1, 1), padding, dimension_numbers=DIMS) + p["b"]


def mean_pool(x):
    total = lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return total / 4.0


def encode_image(params, image):
    x = mean_pool(jax.nn.relu(conv(params["conv1"], image, "SAME")))
    x = mean_pool(jax.nn.relu(conv(params["conv2"], x, "VALID")))
    return x.reshape(x.shape[0], -1)


def encode_question(params, question):
    p = params["lstm"]
    vectors = params["embed"][question]  # batch, time, embed

    def step(carry, x_t):
        c, h = carry
        i, f, g, o = jnp.split(x_t @ p["wx"] + h @ p["wh"] + p["b"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (c, h), None

    zeros = jnp.zeros((question.shape[0], p["wh"].shape[0]))
    (_, h), _ = lax.scan(step, (zeros, zeros), vectors.transpose(1, 0, 2))
    return h


def forward(params, image, question):
    x = jnp.concatenate([encode_image(params, image), encode_question(params, question)], axis=1)
    x = jax.nn.relu(x @ params["dense"]["w"] + params["dense"]["b"])
    return x @ params["out"]["w"] + params["out"]["b"]


def loss(params, image, question, label):
    logits = forward(params, image, question)
    logits = logits - jax.nn.logsumexp(logits, axis=1, keepdims=True)
    return -jnp.mean(jnp.take_along_axis(logits, label[:, None], axis=1))


optimizer = optax.adam(3e-4)


@jax.jit
def update(params, opt_state, image, question, label):
    value, grads = jax.value_and_grad(loss)(params, image, question, label)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def toy_batch(rng, n):
    """A dot left or right; ids 1 and 2 ask "left?" and "right?" somewhere in the sentence. 0 no, 1 yes."""
    right = rng.integers(0, 2, n)
    image = np.zeros((n, 28, 28, 1), np.float32)
    for k in range(n):
        y, x = rng.integers(4, 24), rng.integers(3, 11) + 14 * right[k]
        image[k, y - 2 : y + 3, x - 2 : x + 3] = 1
    question = rng.integers(3, 14, (n, 5)).astype(np.int32)
    asked = rng.integers(0, 2, n)
    question[np.arange(n), rng.integers(0, 5, n)] = 1 + asked
    return image, question, (asked == right).astype(np.int32)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    params = init_params(random.PRNGKey(0))
    opt_state = optimizer.init(params)
    for step in range(2000):
        params, opt_state, value = update(params, opt_state, *toy_batch(rng, 32))
        if step % 100 == 0:
            image, question, label = toy_batch(rng, 256)
            right = (forward(params, image, question).argmax(1) == label).mean()
            print(f"{step} loss {value:.3f} accuracy {right:.3f}")
