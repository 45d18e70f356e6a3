"""LeNet in plain JAX with dropout by hand, two masks a step, and optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

RATE = 0.5


def init_params(key):
    k = jax.random.split(key, 5)
    he = jax.nn.initializers.he_normal()
    shapes = [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    return [{"w": he(key, shape), "b": jnp.zeros(shape[-1])} for key, shape in zip(k, shapes)]


def conv(x, layer, padding):
    x = jax.lax.conv_general_dilated(x, layer["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jax.nn.relu(x + layer["b"])


def pool(x):
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4


def dropout(key, x):
    mask = jax.random.bernoulli(key, 1 - RATE, x.shape)
    return jnp.where(mask, x / (1 - RATE), 0.0)


def forward(params, x, key=None):
    x = pool(conv(x, params[0], "SAME"))
    x = pool(conv(x, params[1], "VALID"))
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ params[2]["w"] + params[2]["b"])
    if key is not None:
        key1, key2 = jax.random.split(key)
        x = dropout(key1, x)
    x = jax.nn.relu(x @ params[3]["w"] + params[3]["b"])
    if key is not None:
        x = dropout(key2, x)
    return x @ params[4]["w"] + params[4]["b"]


def loss_fn(params, x, y, key=None):
    return optax.softmax_cross_entropy_with_integer_labels(forward(params, x, key), y).mean()


optimizer = optax.adam(1e-3)


@jax.jit
def update(params, opt_state, x, y, key):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, key)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return params, opt_state, loss


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(
        np.float32
    )
    key = jax.random.key(0)
    params = init_params(key)
    opt_state = optimizer.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(5):
        for rows in np.array_split(rng.permutation(1500), 47):
            key, subkey = jax.random.split(key)
            params, opt_state, loss = update(params, opt_state, images[rows], digits.target[rows], subkey)
        print(epoch, float(loss), float((forward(params, images[1500:]).argmax(-1) == digits.target[1500:]).mean()))


if __name__ == "__main__":
    main()
