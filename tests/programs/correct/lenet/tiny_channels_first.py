"""A tiny convnet for microcontrollers: 4 and 8 maps, no padding, two dense layers, channels first."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

MAPS = (4, 8)
HIDDEN = 32


def init_params(key):
    he = jax.nn.initializers.he_normal(in_axis=1, out_axis=0)
    dense = jax.nn.initializers.he_normal()
    k = jax.random.split(key, 4)
    return {
        "conv1": {"weight": he(k[0], (MAPS[0], 1, 5, 5)), "bias": jnp.zeros(MAPS[0])},
        "conv2": {"weight": he(k[1], (MAPS[1], MAPS[0], 5, 5)), "bias": jnp.zeros(MAPS[1])},
        "hidden": {"weight": dense(k[2], (MAPS[1] * 4 * 4, HIDDEN)), "bias": jnp.zeros(HIDDEN)},
        "output": {"weight": dense(k[3], (HIDDEN, 10)), "bias": jnp.zeros(10)},
    }


def convolution(x, p):
    """(batch, in, h, w) -> (batch, out, h - 4, w - 4)"""
    y = lax.conv(x, p["weight"], (1, 1), "VALID")
    return y + p["bias"].reshape(-1, 1, 1)


def max_pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def dense(x, p):
    return x @ p["weight"] + p["bias"]


def forward(params, x):
    """x: (batch, 1, 28, 28)"""
    x = max_pool(jax.nn.relu(convolution(x, params["conv1"])))
    x = max_pool(jax.nn.relu(convolution(x, params["conv2"])))
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(dense(x, params["hidden"]))
    return dense(x, params["output"])


def cross_entropy_loss(params, x, y):
    logits = forward(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


tx = optax.sgd(0.05, momentum=0.9)


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(cross_entropy_loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


def count(params):
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def get_data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.kron(digits.images[:, None] / 16, np.ones((1, 1, 3, 3)))
    return np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))).astype(np.float32), digits.target


if __name__ == "__main__":
    x, y = get_data()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    train, test = order[:1500], order[1500:]
    params = init_params(jax.random.PRNGKey(0))
    print("parameters:", count(params))
    opt_state = tx.init(params)
    for epoch in range(4):
        for rows in np.array_split(rng.permutation(train), 47):
            params, opt_state, value = update(params, opt_state, x[rows], y[rows])
        print(epoch, float(value), float((forward(params, x[test]).argmax(-1) == y[test]).mean()))
