"""Reads an 8x8 digit row by row, top to bottom, with an LSTM and says which digit it was (Flax NNX)."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def load_data(seed=0):
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype("float32") / 16.0
    return train_test_split(images, labels, test_size=0.2, random_state=seed, stratify=labels)


class LSTMCell(nnx.Module):
    """x and h go through one linear layer each; its output is cut into i, f, o, g."""

    def __init__(self, din, dhid, *, rngs):
        self.dhid = dhid
        self.x2g = nnx.Linear(din, 4 * dhid, rngs=rngs)
        self.h2g = nnx.Linear(dhid, 4 * dhid, rngs=rngs)

    def initial_state(self, batch):
        return jnp.zeros((batch, self.dhid)), jnp.zeros((batch, self.dhid))

    def __call__(self, state, x):
        h, c = state
        gates = self.x2g(x) + self.h2g(h)
        sig = nnx.sigmoid(gates[:, : 3 * self.dhid])
        i, f, o = jnp.split(sig, 3, axis=1)
        g = nnx.tanh(gates[:, 3 * self.dhid :])
        c = f * c + i * g
        h = o * nnx.tanh(c)
        return (h, c)


class RowReader(nnx.Module):
    def __init__(self, row_width=8, dhid=128, num_classes=10, *, rngs: nnx.Rngs):
        self.cell = LSTMCell(row_width, dhid, rngs=rngs)
        self.out = nnx.Linear(dhid, num_classes, rngs=rngs)

    def __call__(self, images):
        state = self.cell.initial_state(images.shape[0])
        for row in range(images.shape[1]):
            state = self.cell(state, images[:, row])
        h, c = state
        return self.out(h)


def loss_fn(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@nnx.jit
def train_step(model, optimizer, images, labels):
    def compute(model):
        return loss_fn(model(images), labels)

    loss, grads = nnx.value_and_grad(compute)(model)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def accuracy(model, images, labels):
    return jnp.mean(model(images).argmax(axis=-1) == labels)


def main(epochs=20, batch_size=32):
    x_train, x_test, y_train, y_test = load_data()
    model = RowReader(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    key = jax.random.key(0)
    for epoch in range(epochs):
        key, sub = jax.random.split(key)
        order = jax.random.permutation(sub, len(x_train))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            loss = train_step(model, optimizer, x_train[rows], y_train[rows])
        print(f"epoch {epoch + 1:2d}  loss {loss:.3f}  test accuracy {accuracy(model, x_test, y_test):.3f}")


if __name__ == "__main__":
    main()
