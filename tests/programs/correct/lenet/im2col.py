"""LeNet with its convolutions as matrix products: patches are cut out once and multiplied by one matrix."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.lax import conv_general_dilated_patches


def init_params(key):
    """Convolution matrices have a row for each (channel, height, width) of the patch."""
    k1, k2, k3, k4, k5 = jax.random.split(key, 5)
    he = jax.nn.initializers.he_normal()
    return {
        "C1": {"W": he(k1, (1 * 5 * 5, 6)), "b": jnp.zeros(6)},
        "C3": {"W": he(k2, (6 * 5 * 5, 16)), "b": jnp.zeros(16)},
        "C5": {"W": he(k3, (16 * 5 * 5, 120)), "b": jnp.zeros(120)},
        "F6": {"W": he(k4, (120, 84)), "b": jnp.zeros(84)},
        "OUT": {"W": he(k5, (84, 10)), "b": jnp.zeros(10)},
    }


def affine(p, x):
    return x @ p["W"] + p["b"]


def convolve(p, x, padding):
    """Patches come as [batch, height, width, channels * 25]."""
    patches = conv_general_dilated_patches(x, (5, 5), (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return affine(p, patches)


def halve(x):
    """Average of each 2x2 square."""
    return (x[:, 0::2, 0::2] + x[:, 1::2, 0::2] + x[:, 0::2, 1::2] + x[:, 1::2, 1::2]) / 4


def predict(params, x):
    x = jax.nn.relu(convolve(params["C1"], x, "SAME"))
    x = halve(x)
    x = jax.nn.relu(convolve(params["C3"], x, "VALID"))
    x = halve(x)
    x = x.reshape(len(x), -1)
    x = jax.nn.relu(affine(params["C5"], x))
    x = jax.nn.relu(affine(params["F6"], x))
    return affine(params["OUT"], x)


def loss(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(predict(params, x), y).mean()


opt = optax.adam(3e-4)


@jax.jit
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = opt.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


def accuracy(params, x, y):
    return jnp.mean(jnp.argmax(predict(params, x), axis=1) == y)


def get_data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.zeros((digits.images.shape[0], 28, 28, 1), dtype=np.float32)
    x[:, 2:26, 2:26, 0] = np.kron(digits.images, np.ones((1, 3, 3))) / 16.0
    return x, digits.target


if __name__ == "__main__":
    x, y = get_data()
    rng = np.random.RandomState(0)
    order = rng.permutation(len(x))
    train, test = order[:1500], order[1500:]
    params = init_params(jax.random.PRNGKey(42))
    state = opt.init(params)
    for epoch in range(5):
        shuffled = rng.permutation(train)
        for i in range(0, len(shuffled), 50):
            rows = shuffled[i : i + 50]
            params, state, value = step(params, state, x[rows], y[rows])
        print(f"epoch {epoch}  loss {value:.4f}  test accuracy {accuracy(params, x[test], y[test]):.4f}")
