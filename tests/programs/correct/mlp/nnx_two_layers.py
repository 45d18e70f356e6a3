"""Breast cancer diagnosis with a two-layer network in Flax NNX.

Thirty measurements of a cell nucleus go in, two scores (malignant, benign) come out.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


class Classifier(nnx.Module):
    def __init__(self, in_features: int = 30, hidden: int = 64, num_classes: int = 2, *, rngs: nnx.Rngs):
        he = nnx.initializers.he_normal()
        self.fc1 = nnx.Linear(in_features, hidden, kernel_init=he, rngs=rngs)
        self.fc2 = nnx.Linear(hidden, num_classes, kernel_init=he, rngs=rngs)

    def __call__(self, x):
        x = self.fc1(x)
        x = nnx.relu(x)
        x = self.fc2(x)
        return x


def loss_fn(model, x, y):
    logits = model(x)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits=logits, labels=y)
    return losses.mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def load_data(seed=0):
    features, labels = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(features, labels, test_size=0.2, random_state=seed)
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    x_train = ((x_train - mean) / std).astype(np.float32)
    x_test = ((x_test - mean) / std).astype(np.float32)
    return (x_train, y_train.astype(np.int32)), (x_test, y_test.astype(np.int32))


def accuracy(logits, labels):
    return jnp.mean(jnp.argmax(logits, axis=-1) == labels)


def main():
    (x_train, y_train), (x_test, y_test) = load_data()
    model = Classifier(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    order = np.random.default_rng(0)
    for epoch in range(100):
        shuffled = order.permutation(len(x_train))
        for start in range(0, len(shuffled), 32):
            rows = shuffled[start : start + 32]
            train_step(model, optimizer, x_train[rows], y_train[rows])
        if epoch % 10 == 0:
            print(epoch, float(accuracy(model(x_test), y_test)))
    print("devices used:", jax.devices())


if __name__ == "__main__":
    main()
