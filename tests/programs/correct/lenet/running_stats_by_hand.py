"""LeNet with batch normalisation by hand: running statistics travel beside the parameters."""
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits

MOMENTUM = 0.9
EPS = 1e-5


def conv(x, w, padding):
    return jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def pool(x):
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4.0


def batch_norm(x, scale, bias, stats, training):
    if training:
        mean = x.mean((0, 1, 2))
        var = x.var((0, 1, 2))
        new = {"mean": MOMENTUM * stats["mean"] + (1 - MOMENTUM) * mean, "var": MOMENTUM * stats["var"] + (1 - MOMENTUM) * var}
    else:
        mean, var, new = stats["mean"], stats["var"], stats
    return (x - mean) / jnp.sqrt(var + EPS) * scale + bias, new


def init_params(key):
    k = jax.random.split(key, 5)
    he = jax.nn.initializers.he_normal()
    return {
        "conv1": he(k[0], (5, 5, 1, 6)), "bn1": {"scale": jnp.ones(6), "bias": jnp.zeros(6)},
        "conv2": he(k[1], (5, 5, 6, 16)), "bn2": {"scale": jnp.ones(16), "bias": jnp.zeros(16)},
        "fc1": {"w": he(k[2], (400, 120)), "b": jnp.zeros(120)},
        "fc2": {"w": he(k[3], (120, 84)), "b": jnp.zeros(84)},
        "fc3": {"w": he(k[4], (84, 10)), "b": jnp.zeros(10)},
    }


def init_stats():
    return {"bn1": {"mean": jnp.zeros(6), "var": jnp.ones(6)}, "bn2": {"mean": jnp.zeros(16), "var": jnp.ones(16)}}


def forward(params, stats, x, training=False):
    new = {}
    h = conv(x, params["conv1"], "SAME")
    h, new["bn1"] = batch_norm(h, params["bn1"]["scale"], params["bn1"]["bias"], stats["bn1"], training)
    h = pool(jax.nn.relu(h))
    h = conv(h, params["conv2"], "VALID")
    h, new["bn2"] = batch_norm(h, params["bn2"]["scale"], params["bn2"]["bias"], stats["bn2"], training)
    h = pool(jax.nn.relu(h))
    h = h.reshape(h.shape[0], -1)
    for name in ("fc1", "fc2"):
        h = jax.nn.relu(h @ params[name]["w"] + params[name]["b"])
    return h @ params["fc3"]["w"] + params["fc3"]["b"], new


def loss_fn(params, stats, x, y):
    logits, new = forward(params, stats, x, training=True)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), new


optimizer = optax.adam(1e-3)


@jax.jit
def train_step(params, stats, opt_state, x, y):
    (loss, stats), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, stats, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), stats, opt_state, loss


@jax.jit
def predict(params, stats, x):
    logits, _ = forward(params, stats, x)
    return logits.argmax(axis=-1)


def accuracy(params, stats, x, y, batch_size=200):
    hits = 0
    for start in range(0, len(x), batch_size):
        hits += int((predict(params, stats, x[start:start + batch_size]) == y[start:start + batch_size]).sum())
    return hits / len(x)


def load_data():
    digits = load_digits()
    x = np.kron(digits.images, np.ones((3, 3))) / 16.0
    x = np.pad(x, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32)
    y = digits.target.astype(np.int32)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    return (x[:1500], y[:1500]), (x[1500:], y[1500:])


def main(epochs=3, batch_size=64):
    (x, y), (x_test, y_test) = load_data()
    params, stats = init_params(jax.random.key(0)), init_stats()
    opt_state = optimizer.init(params)
    rng = np.random.default_rng(1)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start:start + batch_size]
            params, stats, opt_state, loss = train_step(params, stats, opt_state, x[rows], y[rows])
        print(epoch, float(loss), accuracy(params, stats, x_test, y_test))


if __name__ == "__main__":
    main()
