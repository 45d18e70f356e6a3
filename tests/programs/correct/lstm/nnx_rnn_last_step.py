"""Adding problem with an LSTM from Flax NNX.

Every sequence holds random values and a marker channel that is 1 at two steps. The network reads the whole
sequence and predicts 0.5 + (X1 + X2) / 4 at the end, where X1 and X2 are the marked values.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

HIDDEN = 128
STEPS = 20
BATCH = 32


def make_batch(rng: np.random.Generator, batch_size: int = BATCH, steps: int = STEPS):
    values = rng.uniform(-1.0, 1.0, (batch_size, steps))
    markers = np.zeros((batch_size, steps))
    first = rng.integers(0, steps // 2, batch_size)
    second = rng.integers(steps // 2, steps, batch_size)
    rows = np.arange(batch_size)
    markers[rows, first] = 1.0
    markers[rows, second] = 1.0
    target = 0.5 + (values * markers).sum(axis=1, keepdims=True) / 4.0
    inputs = np.stack([values, markers], axis=-1)
    return inputs.astype(np.float32), target.astype(np.float32)


class AddingLSTM(nnx.Module):
    """LSTM over time, then one linear unit on the state of the last step."""

    def __init__(self, in_features: int = 2, hidden: int = HIDDEN, *, rngs: nnx.Rngs):
        glorot = nnx.initializers.xavier_uniform()
        cell = nnx.LSTMCell(in_features, hidden, kernel_init=glorot, recurrent_kernel_init=glorot, rngs=rngs)
        self.rnn = nnx.RNN(cell)
        self.head = nnx.Linear(hidden, 1, kernel_init=glorot, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        states = self.rnn(x)  # [batch, time, hidden]
        last = states[:, -1]
        return self.head(last)


def loss_fn(model: AddingLSTM, x: jax.Array, y: jax.Array) -> jax.Array:
    pred = model(x)
    return jnp.mean((pred - y) ** 2)


@nnx.jit
def train_step(model: AddingLSTM, optimizer: nnx.Optimizer, x: jax.Array, y: jax.Array) -> jax.Array:
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def evaluate(model: AddingLSTM, rng: np.random.Generator, batches: int = 20) -> float:
    """Share of sequences answered within 0.04."""
    right = 0
    for _ in range(batches):
        x, y = make_batch(rng)
        right += int((jnp.abs(model(x) - y) < 0.04).sum())
    return right / (batches * BATCH)


def main():
    rng = np.random.default_rng(0)
    model = AddingLSTM(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    for step in range(5000):
        loss = train_step(model, optimizer, *make_batch(rng))
        if step % 500 == 0:
            print(f"step {step:5d}  mse {float(loss):.5f}")
    print("within 0.04:", evaluate(model, np.random.default_rng(1)))


if __name__ == "__main__":
    main()
