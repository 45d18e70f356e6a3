"""Hand-made LSTM cell scanned with nnx.scan.

Eight weight matrices, two for each gate, are kept as plain `nnx.Param` arrays; biases only once per gate.
Task: the adding problem, sequence in, single number out.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

SEQ_LEN, N_HIDDEN = 20, 128


class Cell(nnx.Module):
    def __init__(self, n_in, n_hidden, rngs):
        init = nnx.initializers.glorot_uniform()
        self.n_hidden = n_hidden
        self.W_xi = nnx.Param(init(rngs.params(), (n_in, n_hidden)))
        self.W_hi = nnx.Param(init(rngs.params(), (n_hidden, n_hidden)))
        self.b_i = nnx.Param(jnp.zeros(n_hidden))
        self.W_xf = nnx.Param(init(rngs.params(), (n_in, n_hidden)))
        self.W_hf = nnx.Param(init(rngs.params(), (n_hidden, n_hidden)))
        self.b_f = nnx.Param(jnp.zeros(n_hidden))
        self.W_xc = nnx.Param(init(rngs.params(), (n_in, n_hidden)))
        self.W_hc = nnx.Param(init(rngs.params(), (n_hidden, n_hidden)))
        self.b_c = nnx.Param(jnp.zeros(n_hidden))
        self.W_xo = nnx.Param(init(rngs.params(), (n_in, n_hidden)))
        self.W_ho = nnx.Param(init(rngs.params(), (n_hidden, n_hidden)))
        self.b_o = nnx.Param(jnp.zeros(n_hidden))

    def __call__(self, carry, x):
        h, c = carry
        i = nnx.sigmoid(x @ self.W_xi + h @ self.W_hi + self.b_i)
        f = nnx.sigmoid(x @ self.W_xf + h @ self.W_hf + self.b_f)
        c_hat = nnx.tanh(x @ self.W_xc + h @ self.W_hc + self.b_c)
        o = nnx.sigmoid(x @ self.W_xo + h @ self.W_ho + self.b_o)
        c = f * c + i * c_hat
        h = o * nnx.tanh(c)
        return (h, c), h


class LSTMModel(nnx.Module):
    def __init__(self, n_in=2, n_hidden=N_HIDDEN, n_out=1, *, rngs):
        self.cell = Cell(n_in, n_hidden, rngs)
        self.W_out = nnx.Param(nnx.initializers.glorot_uniform()(rngs.params(), (n_hidden, n_out)))
        self.b_out = nnx.Param(jnp.zeros(n_out))

    def __call__(self, inputs):
        batch = inputs.shape[0]
        start = (jnp.zeros((batch, self.cell.n_hidden)), jnp.zeros((batch, self.cell.n_hidden)))

        @nnx.scan(in_axes=(None, nnx.Carry, 1), out_axes=(nnx.Carry, 1))
        def over_time(cell, carry, x):
            return cell(carry, x)

        (h, _), _ = over_time(self.cell, start, inputs)
        return h @ self.W_out + self.b_out


def get_batch(batch_size, rng):
    numbers = rng.uniform(-1, 1, size=(batch_size, SEQ_LEN, 1))
    mask = np.zeros((batch_size, SEQ_LEN, 1))
    for b in range(batch_size):
        mask[b, rng.choice(SEQ_LEN, 2, replace=False)] = 1
    y = 0.5 + (numbers * mask).sum(1) / 4
    return np.concatenate([numbers, mask], -1).astype("float32"), y.astype("float32")


def criterion(model, x, y):
    y_hat = model(x)
    return ((y_hat - y) ** 2).mean(), y_hat


@nnx.jit
def train_step(model, optimizer, x, y):
    (loss, y_hat), grads = nnx.value_and_grad(criterion, has_aux=True)(model, x, y)
    optimizer.update(model, grads)
    return loss, jnp.abs(y_hat - y).max()


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    model = LSTMModel(rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
    for it in range(2000):
        x, y = get_batch(50, rng)
        loss, worst = train_step(model, optimizer, x, y)
        if it % 100 == 0:
            print("iter", it, "loss", loss, "worst", worst)
