"""LeNet on pictures without a channel axis, parameters in NamedTuples, pooling by reduce_window."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax


class Weights(NamedTuple):
    kernel: jnp.ndarray
    bias: jnp.ndarray


class Params(NamedTuple):
    conv1: Weights
    conv2: Weights
    fc1: Weights
    fc2: Weights
    fc3: Weights


def init_params(key):
    he = jax.nn.initializers.he_normal()
    shapes = Params(
        conv1=(5, 5, 1, 6),
        conv2=(5, 5, 6, 16),
        fc1=(400, 120),
        fc2=(120, 84),
        fc3=(84, 10),
    )
    keys = jax.random.split(key, len(shapes))
    return Params(*[Weights(he(k, shape), jnp.zeros(shape[-1])) for k, shape in zip(keys, shapes)])


@functools.partial(jax.jit, static_argnames="padding")
def conv(x, weights, padding):
    numbers = lax.conv_dimension_numbers(x.shape, weights.kernel.shape, ("NHWC", "HWIO", "NHWC"))
    return lax.conv_general_dilated(x, weights.kernel, (1, 1), padding, dimension_numbers=numbers) + weights.bias


def avg_pool(x, size=2):
    window = (1, size, size, 1)
    sums = lax.reduce_window(x, 0.0, lax.add, window_dimensions=window, window_strides=window, padding="VALID")
    return sums / (size * size)


def fc(x, weights):
    return jnp.einsum("bi,io->bo", x, weights.kernel) + weights.bias


def forward(x, params):
    """x: (batch, 28, 28), the parameters come last."""
    x = jnp.expand_dims(x, -1)
    x = avg_pool(jax.nn.relu(conv(x, params.conv1, "SAME")))
    x = avg_pool(jax.nn.relu(conv(x, params.conv2, "VALID")))
    x = jnp.reshape(x, (x.shape[0], -1))
    x = jax.nn.relu(fc(x, params.fc1))
    x = jax.nn.relu(fc(x, params.fc2))
    x = fc(x, params.fc3)
    return x


def loss_fn(params, x, y):
    logits = forward(x, params)
    targets = jax.nn.one_hot(y, logits.shape[-1])
    return optax.softmax_cross_entropy(logits, targets).sum() / logits.shape[0]


optimizer = optax.adam(3e-4)


@jax.jit
def update(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = x.reshape(-1, 8, 8).repeat(3, axis=1).repeat(3, axis=2) / 16
    x = np.pad(x, [(0, 0), (2, 2), (2, 2)]).astype(np.float32)
    rng = np.random.default_rng(6)
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    params = init_params(jax.random.key(6))
    opt_state = optimizer.init(params)
    for epoch in range(4):
        order = rng.permutation(1500)
        for start in range(0, 1500, 32):
            rows = order[start : start + 32]
            params, opt_state, loss = update(params, opt_state, x[rows], y[rows])
        print(epoch, f"{loss:.4f}", f"{(forward(x[1500:], params).argmax(-1) == y[1500:]).mean():.4f}")


if __name__ == "__main__":
    main()
