"""Three ways to read a digit: a linear classifier, a perceptron and LeNet, trained by the same few lines."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

he_normal = nnx.initializers.he_normal()


class LinearClassifier(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.linear = nnx.Linear(784, 10, rngs=rngs)

    def __call__(self, x):
        return self.linear(x.reshape(len(x), -1))


class Perceptron(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, hidden: int = 64):
        self.hidden = nnx.Linear(784, hidden, kernel_init=he_normal, rngs=rngs)
        self.output = nnx.Linear(hidden, 10, kernel_init=he_normal, rngs=rngs)

    def __call__(self, x):
        x = x.reshape(len(x), -1)
        return self.output(nnx.relu(self.hidden(x)))


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", kernel_init=he_normal, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", kernel_init=he_normal, rngs=rngs)
        self.dense1 = nnx.Linear(400, 120, kernel_init=he_normal, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, kernel_init=he_normal, rngs=rngs)
        self.dense3 = nnx.Linear(84, 10, kernel_init=he_normal, rngs=rngs)

    def pool(self, x):
        return nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))

    def __call__(self, x):
        h = self.pool(nnx.relu(self.conv1(x)))
        h = self.pool(nnx.relu(self.conv2(h)))
        h = h.reshape(len(h), -1)
        h = nnx.relu(self.dense1(h))
        h = nnx.relu(self.dense2(h))
        return self.dense3(h)


def loss_fn(model, x, y):
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(model(x), y))


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def load():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))) / 16
    order = np.random.default_rng(0).permutation(len(x))
    return x[order, :, :, None].astype(np.float32), digits.target[order]


def main(names):
    x, y = load()
    models = {"linear": LinearClassifier, "perceptron": Perceptron, "lenet": LeNet}
    for name in names or models:
        model = models[name](nnx.Rngs(jax.random.key(0)))
        optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
        rng = np.random.default_rng(1)
        for _ in range(3):
            for rows in np.array_split(rng.permutation(1500), 47):
                train_step(model, optimizer, x[rows], y[rows])
        print(f"{name:12s} {float((model(x[1500:]).argmax(-1) == y[1500:]).mean()):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
