"""Breast cancer with Flax NNX, scored batch by batch."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(30, 64, rngs=rngs)
        self.out = nnx.Linear(64, 2, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.hidden(x)))


def loss_fn(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


@nnx.jit
def eval_step(model, x, y):
    predictions = model(x).argmax(axis=-1)
    return (predictions == y).sum()


def evaluate(model, x, y, batch_size=64):
    correct = 0
    for start in range(0, len(x), batch_size):
        correct += int(eval_step(model, x[start : start + batch_size], y[start : start + batch_size]))
    return correct / len(x)


def load_data():
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order].astype(np.float32), y[order].astype(np.int32)
    mean, std = x[:450].mean(0), x[:450].std(0)
    x = (x - mean) / std
    return x[:450], y[:450], x[450:], y[450:]


def main():
    x_train, y_train, x_test, y_test = load_data()
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    rng = np.random.default_rng(1)
    for epoch in range(20):
        order = rng.permutation(len(x_train))
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            loss = train_step(model, optimizer, x_train[rows], y_train[rows])
        test_accuracy = evaluate(model, x_test, y_test)
        print(f"epoch {epoch}: loss {loss:.4f}, test accuracy {test_accuracy:.3f}")


if __name__ == "__main__":
    main()
