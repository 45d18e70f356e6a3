"""A small object-oriented LSTM in JAX: the class only holds sizes, the parameters travel separately as a pytree."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.nn import sigmoid, tanh


class LSTM:
    def __init__(self, n_features, n_hidden, n_outputs):
        self.n_features = n_features
        self.n_hidden = n_hidden
        self.n_outputs = n_outputs

    def init(self, key):
        kx, kh, ky = jax.random.split(key, 3)
        glorot = jax.nn.initializers.glorot_uniform
        per_gate = glorot(in_axis=1, out_axis=2, batch_axis=0)
        return {
            "x2h": per_gate(kx, (4, self.n_features, self.n_hidden)),
            "h2h": per_gate(kh, (4, self.n_hidden, self.n_hidden)),
            "bias": jnp.zeros((4, 1, self.n_hidden)),
            "out": {"w": glorot()(ky, (self.n_hidden, self.n_outputs)), "b": jnp.zeros((self.n_outputs,))},
        }

    def step(self, params, h, c, x):
        # batched matmul over the gate axis: (4, batch, hidden)
        z = x @ params["x2h"] + h @ params["h2h"] + params["bias"]
        c = sigmoid(z[1]) * c + sigmoid(z[0]) * tanh(z[3])
        h = sigmoid(z[2]) * tanh(c)
        return h, c

    def apply(self, params, xs):
        """xs [batch, time, features] -> predictions [batch, outputs]"""
        h = jnp.zeros((xs.shape[0], self.n_hidden))
        c = jnp.zeros_like(h)

        def scan_step(hc, x):
            h, c = self.step(params, *hc, x)
            return (h, c), ()

        (h, c), _ = jax.lax.scan(scan_step, (h, c), xs.transpose((1, 0, 2)))
        return jnp.dot(h, params["out"]["w"]) + params["out"]["b"]


class AddingTask:
    """Two marked numbers among `length` are to be added."""

    def __init__(self, length, seed):
        self.length = length
        self.rng = np.random.default_rng(seed)

    def batch(self, size):
        numbers = self.rng.uniform(-1, 1, (size, self.length))
        marks = np.zeros_like(numbers)
        for row in marks:
            row[self.rng.choice(self.length, 2, replace=False)] = 1
        inputs = np.stack([numbers, marks], axis=-1).astype(np.float32)
        sums = (numbers * marks).sum(axis=1, keepdims=True).astype(np.float32)
        return inputs, 0.5 + sums / 4


model = LSTM(n_features=2, n_hidden=128, n_outputs=1)
optimizer = optax.adam(3e-4)


def loss_fn(params, batch):
    inputs, targets = batch
    predictions = model.apply(params, inputs)
    return optax.losses.squared_error(predictions, targets).mean()


@jax.jit
def train_step(params, opt_state, batch):
    grads = jax.grad(loss_fn)(params, batch)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state


def main(steps=4000, batch_size=32):
    task, held_out = AddingTask(20, seed=0), AddingTask(20, seed=1).batch(1000)
    params = model.init(jax.random.PRNGKey(0))
    opt_state = optimizer.init(params)
    for step in range(steps):
        params, opt_state = train_step(params, opt_state, task.batch(batch_size))
        if step % 400 == 0:
            error = jnp.abs(model.apply(params, held_out[0]) - held_out[1])
            print(f"{step:5d}  loss {loss_fn(params, held_out):.5f}  right {jnp.mean(error < 0.04):.3f}")


if __name__ == "__main__":
    main()
