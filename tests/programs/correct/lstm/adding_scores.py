"""The adding problem with an LSTM in Flax NNX: share of answers within 0.04, and the mean squared error, over batches."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

TOLERANCE = 0.04


class AddingLSTM(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, hidden: int = 128):
        self.rnn = nnx.RNN(nnx.LSTMCell(2, hidden, rngs=rngs))
        self.head = nnx.Linear(hidden, 1, rngs=rngs)

    def __call__(self, x):
        return self.head(self.rnn(x)[:, -1])


def loss_fn(model, x, y):
    return ((model(x) - y) ** 2).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def accuracy(predictions, targets):
    return float((jnp.abs(predictions - targets) <= TOLERANCE).mean())


@nnx.jit
def predict(model, x):
    return model(x)


def evaluate(model, x, y, batch_size=256):
    """Mean squared error and share of right answers, `x` f32[n, time, 2], `y` f32[n, 1]."""
    squared, right = 0.0, 0
    for i in range(0, len(x), batch_size):
        errors = np.asarray(predict(model, x[i : i + batch_size])) - y[i : i + batch_size]
        squared += float((errors**2).sum())
        right += int((np.abs(errors) <= TOLERANCE).sum())
    return {"mse": squared / len(x), "accuracy": right / len(x)}


def adding(n, steps=20, seed=0):
    rng = np.random.default_rng(seed)
    values, marks = rng.uniform(-1, 1, (n, steps)), np.zeros((n, steps))
    for row in marks:
        row[rng.choice(steps // 2, 2, replace=False)] = 1
    y = 0.5 + (values * marks).sum(1, keepdims=True) / 4
    return np.stack([values, marks], -1).astype(np.float32), y.astype(np.float32)


def fit(epochs=3, batch_size=32):
    x, y = adding(5000, seed=0)
    x_valid, y_valid = adding(1000, seed=1)
    model = AddingLSTM(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    for epoch in range(epochs):
        for i in range(0, len(x), batch_size):
            loss = train_step(model, optimizer, x[i : i + batch_size], y[i : i + batch_size])
        scores = evaluate(model, x_valid, y_valid)
        print(f"epoch {epoch}: loss {loss:.4f}, validation {scores}")


if __name__ == "__main__":
    fit()
