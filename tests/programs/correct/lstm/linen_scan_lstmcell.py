"""The adding problem, in Flax Linen with an explicit `nn.scan`.

nn.scan with variable_broadcast="params" shares the cell's weights over time. Predictions have shape [batch].
"""

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax import random

N_UNITS = 128


class ScannedLSTM(nn.Module):
    features: int

    @nn.compact
    def __call__(self, xs):
        ScanCell = nn.scan(
            nn.LSTMCell,
            variable_broadcast="params",
            split_rngs={"params": False},
            in_axes=1,
            out_axes=1,
        )
        cell = ScanCell(
            features=self.features,
            kernel_init=nn.initializers.glorot_uniform(),
            recurrent_kernel_init=nn.initializers.glorot_uniform(),
        )
        carry = cell.initialize_carry(random.key(0), xs[:, 0].shape)
        return cell(carry, xs)


class Model(nn.Module):
    features: int = N_UNITS

    @nn.compact
    def __call__(self, xs):
        (_, h), _ = ScannedLSTM(self.features)(xs)
        y = nn.Dense(1, kernel_init=nn.initializers.glorot_uniform())(h)
        return y[:, 0]


def batch_of(key, size=32, steps=20):
    k0, k1, k2 = random.split(key, 3)
    values = random.uniform(k0, (size, steps), minval=-1, maxval=1)
    first = random.randint(k1, (size,), 0, 10)
    second = random.randint(k2, (size,), 10, steps)
    idx = jnp.arange(size)
    marks = jnp.zeros((size, steps)).at[idx, first].set(1).at[idx, second].set(1)
    return jnp.dstack([values, marks]), 0.5 + (values[idx, first] + values[idx, second]) / 4


model = Model()
optimizer = optax.adam(3e-4)


def loss_fn(params, x, y):
    preds = model.apply({"params": params}, x)
    assert preds.shape == y.shape, (preds.shape, y.shape)
    return jnp.mean(jnp.square(preds - y))


@jax.jit
def update(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


def evaluate(params, key):
    x, y = batch_of(key, size=1000)
    preds = model.apply({"params": params}, x)
    return jnp.mean(jnp.abs(preds - y) < 0.04)


def main():
    key = random.key(42)
    key, init_key, test_key = random.split(key, 3)
    params = model.init(init_key, jnp.ones((1, 20, 2)))["params"]
    opt_state = optimizer.init(params)
    for i in range(3000):
        key, batch_key = random.split(key)
        params, opt_state, loss = update(params, opt_state, *batch_of(batch_key))
        if i % 200 == 0:
            print(f"{i:5d} loss={loss:.5f} acc={evaluate(params, test_key):.3f}")


if __name__ == "__main__":
    main()
