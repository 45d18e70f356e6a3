"""Two stacked LSTM layers for the question, LeNet for the picture; forget biases of 1; plain JAX and pytrees."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

CONFIG = {"vocab": 20, "embed": 24, "hidden": 48, "layers": 2, "dense": 128, "classes": 4}


def he(key, shape):
    fan_in = int(np.prod(shape[:-1]))
    return {"w": jax.random.normal(key, shape) * np.sqrt(2 / fan_in), "b": jnp.zeros(shape[-1])}


def lstm_layer(key, n_in, n_hidden):
    """Gate order f, i, o, g; the first block of the bias is the forget gate's."""
    bound = 1 / np.sqrt(n_hidden)
    k1, k2 = jax.random.split(key)
    return {
        "wx": jax.random.uniform(k1, (n_in, 4 * n_hidden), minval=-bound, maxval=bound),
        "wh": jax.random.uniform(k2, (n_hidden, 4 * n_hidden), minval=-bound, maxval=bound),
        "b": jnp.concatenate([jnp.ones(n_hidden), jnp.zeros(3 * n_hidden)]),
    }


def init(key, config=CONFIG):
    k = jax.random.split(key, 6)
    layer_keys = jax.random.split(k[3], config["layers"])
    sizes = [config["embed"]] + [config["hidden"]] * config["layers"]
    return {
        "conv1": he(k[0], (5, 5, 1, 6)),
        "conv2": he(k[1], (5, 5, 6, 16)),
        "embed": 0.1 * jax.random.normal(k[2], (config["vocab"], config["embed"])),
        "lstm": [lstm_layer(key, n_in, n_out) for key, n_in, n_out in zip(layer_keys, sizes, sizes[1:])],
        "dense": he(k[4], (400 + config["hidden"], config["dense"])),
        "out": he(k[5], (config["dense"], config["classes"])),
    }


def conv_relu_pool(p, x, padding):
    x = lax.conv_general_dilated(x, p["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = jax.nn.relu(x + p["b"])
    return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") * 0.25


def run_layer(p, xs):
    """[time, batch, in] -> [time, batch, hidden]"""
    n = p["wh"].shape[0]

    def step(state, x):
        h, c = state
        z = x @ p["wx"] + h @ p["wh"] + p["b"]
        f, i, o = jnp.split(jax.nn.sigmoid(z[:, : 3 * n]), 3, axis=1)
        c = f * c + i * jnp.tanh(z[:, 3 * n :])
        h = o * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((xs.shape[1], n))
    return lax.scan(step, (zeros, zeros), xs)[1]


def apply(params, image, question):
    x = conv_relu_pool(params["conv1"], image, [(2, 2), (2, 2)])
    x = conv_relu_pool(params["conv2"], x, [(0, 0), (0, 0)])
    x = x.reshape(x.shape[0], -1)
    hs = params["embed"][question].swapaxes(0, 1)
    for layer in params["lstm"]:
        hs = run_layer(layer, hs)
    joined = jnp.concatenate([x, hs[-1]], axis=1)
    joined = jax.nn.relu(joined @ params["dense"]["w"] + params["dense"]["b"])
    return joined @ params["out"]["w"] + params["out"]["b"]


def loss(params, batch):
    image, question, label = batch
    logits = apply(params, image, question)
    top = logits.max(axis=1, keepdims=True)
    log_sum = jnp.log(jnp.sum(jnp.exp(logits - top), axis=1)) + top[:, 0]
    return jnp.mean(log_sum - logits[jnp.arange(len(label)), label])


tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


@jax.jit
def update(params, opt_state, batch):
    value, grads = jax.value_and_grad(loss)(params, batch)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def story(rng, n, length=8):
    """Tokens 1-4 say left, right, up, down; the label is the quadrant of the dot after both moves."""
    start = rng.integers(0, 2, (n, 2))
    image = np.zeros((n, 28, 28, 1), np.float32)
    for k, (row, col) in enumerate(start):
        image[k, 5 + 14 * row : 10 + 14 * row, 5 + 14 * col : 10 + 14 * col] = 1
    question = rng.integers(5, CONFIG["vocab"], (n, length))
    columns, rows = rng.integers(0, 2, n), rng.integers(0, 2, n)
    question[np.arange(n), rng.integers(0, length // 2, n)] = 1 + columns
    question[np.arange(n), rng.integers(length // 2, length, n)] = 3 + rows
    moved = np.stack([(start[:, 0] + rows) % 2, (start[:, 1] + columns) % 2], 1)
    return image, question.astype(np.int32), (2 * moved[:, 0] + moved[:, 1]).astype(np.int32)


def main():
    rng = np.random.default_rng(0)
    params = init(jax.random.key(0))
    opt_state = tx.init(params)
    for step in range(3000):
        params, opt_state, value = update(params, opt_state, story(rng, 32))
        if step % 200 == 0:
            image, question, label = story(rng, 200)
            print(step, float(value), float((apply(params, image, question).argmax(1) == label).mean()))


if __name__ == "__main__":
    main()
