"""LSTM in Linen; a whole epoch runs in one scan over its batches."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax


class Model(nn.Module):
    @nn.compact
    def __call__(self, x, deterministic=True):
        h = nn.RNN(nn.LSTMCell(64))(x)[:, -1]
        h = nn.Dropout(0.1, deterministic=deterministic)(h)
        return nn.Dense(1)(h)


model = Model()
tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3))


def loss_fn(params, batch, key):
    x, y = batch
    predictions = model.apply({"params": params}, x, deterministic=False, rngs={"dropout": key})
    return jnp.mean((predictions - y) ** 2)


def train_step(carry, batch):
    params, opt_state, key = carry
    key, subkey = jax.random.split(key)
    loss, grads = jax.value_and_grad(loss_fn)(params, batch, subkey)
    updates, opt_state = tx.update(grads, opt_state, params)
    params = optax.apply_updates(params, updates)
    return (params, opt_state, key), loss


@jax.jit
def train_epoch(carry, batches):
    return jax.lax.scan(train_step, carry, batches)


def adding(rng, n, steps=20):
    values, marks = rng.uniform(-1, 1, (n, steps)), np.zeros((n, steps))
    marks[np.arange(n), rng.integers(0, steps // 2, n)] = 1
    marks[np.arange(n), rng.integers(steps // 2, steps, n)] = 1
    y = 0.5 + (values * marks).sum(1, keepdims=True) / 4
    return np.stack([values, marks], -1).astype(np.float32), y.astype(np.float32)


def main():
    x, y = adding(np.random.default_rng(0), 3200)
    params = model.init(jax.random.key(0), x[:1])["params"]
    carry = (params, tx.init(params), jax.random.key(1))
    for epoch in range(10):
        carry, losses = train_epoch(carry, (x.reshape(100, 32, 20, 2), y.reshape(100, 32, 1)))
        print(epoch, float(losses.mean()))


if __name__ == "__main__":
    main()
