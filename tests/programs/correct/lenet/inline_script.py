"""One script: read, scale, split, train, score."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class CNN(nn.Module):
    @nn.compact
    def __call__(self, x):
        he = nn.initializers.he_normal()
        x = nn.relu(nn.Conv(6, (5, 5), padding="SAME", kernel_init=he)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Conv(16, (5, 5), padding="VALID", kernel_init=he)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(120, kernel_init=he)(x))
        x = nn.relu(nn.Dense(84, kernel_init=he)(x))
        return nn.Dense(10, kernel_init=he)(x)


net = CNN()
tx = optax.adam(3e-4)


def loss_fn(params, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(net.apply(params, x), y).mean()


@jax.jit
def update(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


@jax.jit
def accuracy(params, x, y):
    return (net.apply(params, x).argmax(-1) == y).mean()


if __name__ == "__main__":
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None]
    order = np.random.default_rng(7).permutation(len(images))
    train, test = order[300:], order[:300]
    x_train, y_train = images[train].astype(np.float32) / 16, digits.target[train]
    x_test, y_test = images[test].astype(np.float32) / 16, digits.target[test]
    params = net.init(jax.random.key(0), x_train[:1])
    opt_state = tx.init(params)
    rng = np.random.default_rng(0)
    for epoch in range(5):
        shuffled = rng.permutation(len(x_train))
        for k in range(0, len(shuffled), 32):
            rows = shuffled[k : k + 32]
            params, opt_state, value = update(params, opt_state, x_train[rows], y_train[rows])
        print(epoch, float(value), float(accuracy(params, x_test, y_test)))
