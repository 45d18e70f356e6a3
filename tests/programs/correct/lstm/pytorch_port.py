"""LSTM regressor, ported line by line from my PyTorch repository to Flax NNX.

Kept from torch: the four stacked gates (input, forget, cell, output), two bias
vectors, uniform(-1/sqrt(hidden), 1/sqrt(hidden)) for everything recurrent.  The
sequence is consumed in its natural order, step 0 first.
"""
import math

import jax
import jax.numpy as jnp
import optax
from flax import nnx


class LSTM(nnx.Module):
    def __init__(self, input_size: int, hidden_size: int, *, rngs: nnx.Rngs):
        self.hidden_size = hidden_size
        bound = 1.0 / math.sqrt(hidden_size)

        def uniform(*shape):
            return nnx.Param(jax.random.uniform(rngs.params(), shape, minval=-bound, maxval=bound))

        self.weight_ih = uniform(4 * hidden_size, input_size)
        self.weight_hh = uniform(4 * hidden_size, hidden_size)
        self.bias_ih = uniform(4 * hidden_size)
        self.bias_hh = uniform(4 * hidden_size)

    def cell(self, x_t, state):
        h, c = state
        gates = x_t @ self.weight_ih[...].T + self.bias_ih[...]
        gates = gates + h @ self.weight_hh[...].T + self.bias_hh[...]
        ingate, forgetgate, cellgate, outgate = jnp.split(gates, 4, axis=1)
        ingate = jax.nn.sigmoid(ingate)
        forgetgate = jax.nn.sigmoid(forgetgate)
        cellgate = jnp.tanh(cellgate)
        outgate = jax.nn.sigmoid(outgate)
        c = forgetgate * c + ingate * cellgate
        h = outgate * jnp.tanh(c)
        return h, c

    def __call__(self, x):
        batch, steps, width = x.shape
        x = x.transpose(1, 0, 2)  # torch default: batch_first=False
        zero = jnp.zeros((batch, self.hidden_size))
        state = (zero, zero)
        for t in range(steps):
            state = self.cell(x[t], state)
        return state


class Regressor(nnx.Module):
    def __init__(self, input_size: int = 2, hidden_size: int = 100, output_size: int = 1, *, rngs: nnx.Rngs):
        self.lstm = LSTM(input_size, hidden_size, rngs=rngs)
        self.fc = nnx.Linear(hidden_size, output_size, rngs=rngs)

    def __call__(self, x):
        h_n, c_n = self.lstm(x)
        return self.fc(h_n)


def mse_loss(model, x, y):
    pred = model(x)
    error = pred.squeeze(-1) - y
    return (error**2).mean()


def make_optimizer(model, lr=1e-3):
    return nnx.Optimizer(model, optax.adam(lr), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(mse_loss)(model, x, y)
    optimizer.update(model, grads)
    return loss


def main(iterations=200):
    model = Regressor(rngs=nnx.Rngs(0))
    optimizer = make_optimizer(model)
    key = jax.random.key(1)
    for step in range(iterations):
        key, k = jax.random.split(key)
        x = jax.random.uniform(k, (32, 20, 2), minval=-1.0)
        loss = train_step(model, optimizer, x, 0.5 + x[:, :2, 0].sum(1) / 4)
        if step % 20 == 0:
            print(f"[{step:5d}] mse {loss:.5f}")


if __name__ == "__main__":
    main()
