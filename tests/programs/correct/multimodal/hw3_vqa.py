"""CS-492 homework 3: visual question answering from scratch.

No layers library: parameters are a nested dict, images are NCHW inside the network.
Both towers end in a vector of D = 256 numbers; the two are stacked and classified.
"""
import jax
import jax.numpy as jnp
from jax import lax
import optax

D = 256          # 16 channels of 4 x 4, and the LSTM's units
VOCAB = 20
EMB = 12
CLASSES = 6


def linear_params(key, n_in, n_out):
    return {"W": jax.random.normal(key, (n_in, n_out)) * jnp.sqrt(2.0 / n_in), "b": jnp.zeros(n_out)}


def conv_params(key, c_in, c_out, k=5):
    scale = jnp.sqrt(2.0 / (c_in * k * k))
    return {"K": scale * jax.random.normal(key, (c_out, c_in, k, k)), "b": jnp.zeros((c_out, 1, 1))}


def lstm_params(key, n_in, n):
    k1, k2 = jax.random.split(key)
    return {
        "Wx": jax.random.normal(k1, (n_in, 4 * n)) / jnp.sqrt(n_in),
        "Wh": jax.random.normal(k2, (n, 4 * n)) / jnp.sqrt(n),
        "b": jnp.zeros(4 * n),
    }


def init_params(key):
    keys = jax.random.split(key, 6)
    return {
        "conv1": conv_params(keys[0], 1, 6),
        "conv2": conv_params(keys[1], 6, 16),
        "embedding": jax.random.normal(keys[2], (VOCAB, EMB)) * 0.5,
        "lstm": lstm_params(keys[3], EMB, D),
        "fc1": linear_params(keys[4], 2 * D, 100),
        "fc2": linear_params(keys[5], 100, CLASSES),
    }


def linear(p, x):
    return x @ p["W"] + p["b"]


def conv2d(p, x):
    y = lax.conv_general_dilated(x, p["K"], (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))
    return y + p["b"]


def avg_pool(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))


def see(params, images):
    """(N, 28, 28, 1) -> (N, D)"""
    x = jnp.transpose(images, (0, 3, 1, 2))
    x = avg_pool(jax.nn.relu(conv2d(params["conv1"], x)))
    x = avg_pool(jax.nn.relu(conv2d(params["conv2"], x)))
    return x.reshape(x.shape[0], D)


def read(params, words):
    """(N, T) -> (N, D): the hidden state after the last word"""
    p = params["lstm"]
    x = params["embedding"][words]
    h = c = jnp.zeros((words.shape[0], D))
    for t in range(words.shape[1]):
        a = x[:, t] @ p["Wx"] + h @ p["Wh"] + p["b"]
        a_f, a_i, a_o, a_g = jnp.split(a, 4, axis=1)
        c = jax.nn.sigmoid(a_f) * c + jax.nn.sigmoid(a_i) * jnp.tanh(a_g)
        h = jax.nn.sigmoid(a_o) * jnp.tanh(c)
    return h


def forward(params, images, words):
    v = see(params, images)
    q = read(params, words)
    both = jnp.stack([v, q], axis=1).reshape(-1, 2 * D)
    hidden = jax.nn.relu(linear(params["fc1"], both))
    return jax.nn.log_softmax(linear(params["fc2"], hidden), axis=-1)


def loss(params, images, words, answers):
    logp = forward(params, images, words)
    return -jnp.take_along_axis(logp, answers[:, None], axis=1).mean()


optimizer = optax.adam(1e-3)


@jax.jit
def update(params, opt_state, images, words, answers):
    l, g = jax.value_and_grad(loss)(params, images, words, answers)
    updates, opt_state = optimizer.update(g, opt_state)
    return optax.apply_updates(params, updates), opt_state, l
