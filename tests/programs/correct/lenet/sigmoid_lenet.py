"""Sigmoid LeNet, as textbooks on deep learning still build it first (Flax Linen).

Sigmoids learn slowly: plain SGD sits on a plateau for long, Adam leaves it after two epochs.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn


class SigmoidLeNet(nn.Module):
    num_outputs: int = 10
    lr: float = 2e-3

    def setup(self):
        glorot = nn.initializers.glorot_uniform()
        pool = lambda x: nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))  # noqa: E731
        self.net = nn.Sequential(
            [
                nn.Conv(6, kernel_size=(5, 5), padding="SAME", kernel_init=glorot),
                nn.sigmoid,
                pool,
                nn.Conv(16, kernel_size=(5, 5), padding="VALID", kernel_init=glorot),
                nn.sigmoid,
                pool,
                lambda x: x.reshape(x.shape[0], -1),
                nn.Dense(120, kernel_init=glorot),
                nn.sigmoid,
                nn.Dense(84, kernel_init=glorot),
                nn.sigmoid,
                nn.Dense(self.num_outputs, kernel_init=glorot),
            ]
        )

    def __call__(self, X):
        return self.net(X)

    def configure_optimizers(self):
        return optax.adam(self.lr)


model = SigmoidLeNet()
tx = model.configure_optimizers()


def loss(params, X, Y, averaged=True):
    Y_hat = model.apply({"params": params}, X)
    values = optax.softmax_cross_entropy_with_integer_labels(Y_hat, Y)
    return values.mean() if averaged else values


@jax.jit
def update(params, state, X, Y):
    value, grads = jax.value_and_grad(loss)(params, X, Y)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, value


@jax.jit
def accuracy(params, X, Y):
    return jnp.mean(jnp.argmax(model.apply({"params": params}, X), axis=1) == Y)


def digits():
    from sklearn.datasets import load_digits

    data = load_digits()
    X = np.pad(np.kron(data.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None] / 16
    return X.astype(np.float32), data.target.astype(np.int32)


def main(epochs=8, batch_size=16):
    X, Y = digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(Y))
    train, test = order[:1500], order[1500:]
    params = model.init(jax.random.key(0), X[:1])["params"]
    state = tx.init(params)
    for epoch in range(epochs):
        rng.shuffle(train)
        for i in range(0, len(train), batch_size):
            params, state, value = update(params, state, X[train[i : i + batch_size]], Y[train[i : i + batch_size]])
        print(epoch, float(value), float(accuracy(params, X[test], Y[test])))


if __name__ == "__main__":
    main()
