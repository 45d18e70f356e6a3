"""The adding problem: training and test sequences made with different seeds, then cut into batches."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx


class Adder(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        glorot = nnx.initializers.glorot_uniform()
        cell = nnx.LSTMCell(2, 64, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs)
        self.rnn = nnx.RNN(cell)
        self.readout = nnx.Linear(64, 1, kernel_init=glorot, rngs=rngs)

    def __call__(self, x):
        return self.readout(self.rnn(x)[:, -1])


def loss_fn(model, x, y):
    return jnp.mean((model(x) - y) ** 2)


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def adding(n, seed, steps=20):
    rng = np.random.default_rng(seed)
    values = rng.uniform(-1, 1, (n, steps))
    marks = np.zeros((n, steps))
    for row in marks:
        row[rng.choice(steps // 2, 2, replace=False)] = 1
    y = 0.5 + (values * marks).sum(axis=1, keepdims=True) / 4
    return np.stack([values, marks], -1).astype(np.float32), y.astype(np.float32)


def data_loader(x, y, batch_size=32, seed=0):
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            yield x[rows], y[rows]


def main():
    x_train, y_train = adding(2000, 0)
    x_test, y_test = adding(500, 1)
    model = Adder(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for k, (x, y) in zip(range(2000), data_loader(x_train, y_train)):
        loss = train_step(model, optimizer, x, y)
    print(float(loss), float(jnp.mean(jnp.abs(model(x_test) - y_test) < 0.04)))


if __name__ == "__main__":
    main()
