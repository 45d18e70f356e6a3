"""Average pooling 3x3 with stride 2 by two window sums: the values and how many of them there are.

At the border a window holds fewer cells; dividing by their number keeps the average an average.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


def init(key):
    he = jax.nn.initializers.he_normal()
    keys = jax.random.split(key, 5)
    shapes = {"k1": (5, 5, 1, 6), "k2": (5, 5, 6, 16), "w3": (400, 120), "w4": (120, 84), "w5": (84, 10)}
    params = {name: he(k, shape) for k, (name, shape) in zip(keys, shapes.items())}
    for name, shape in shapes.items():
        params["b" + name[1]] = jnp.zeros(shape[-1])
    return params


def window_sum(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")


def average_pool(x):
    total = window_sum(x)
    count = window_sum(jnp.ones((1, x.shape[1], x.shape[2], 1), x.dtype))
    return total / count


def conv(x, kernel, padding):
    return lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def apply(params, x):
    h = jax.nn.relu(conv(x, params["k1"], "SAME") + params["b1"])
    h = average_pool(h)
    h = jax.nn.relu(conv(h, params["k2"], "VALID") + params["b2"])
    h = average_pool(h)
    h = h.reshape(h.shape[0], -1)
    h = jax.nn.relu(h @ params["w3"] + params["b3"])
    h = jax.nn.relu(h @ params["w4"] + params["b4"])
    return h @ params["w5"] + params["b5"]


def loss(params, x, y):
    logits = apply(params, x)
    losses = jax.nn.logsumexp(logits, axis=1) - jnp.take_along_axis(logits, y[:, None], axis=1)[:, 0]
    return losses.mean()


tx = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(1e-3))


@jax.jit
def train_step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def main():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.pad(np.kron(bunch.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None]
    x, y = np.asarray(x, np.float32), bunch.target
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    train, test = order[:1500], order[1500:]
    params = init(jax.random.key(0))
    opt_state = tx.init(params)
    for epoch in range(3):
        for rows in np.array_split(rng.permutation(train), 47):
            params, opt_state, value = train_step(params, opt_state, x[rows], y[rows])
        print(epoch, float(value), float((apply(params, x[test]).argmax(-1) == y[test]).mean()))


if __name__ == "__main__":
    main()
