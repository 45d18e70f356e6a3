"""Own LSTM in Flax Linen: one kernel for the input, one for the state, gates in the order f, i, o, g.

The model returns the prediction and the final (c, h), so that a long stream can be fed in pieces.
"""

from typing import Any, Optional, Tuple

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax import struct


def glorot_each_gate(key, shape, dtype=jnp.float32):
    n_in, n_gates, n_out = shape
    bound = jnp.sqrt(6.0 / (n_in + n_out))
    return jax.random.uniform(key, shape, dtype, -bound, bound)


class FusedLSTMCell(nn.Module):
    size: int

    @nn.compact
    def __call__(self, carry, x):
        c, h = carry
        w_x = self.param("w_x", glorot_each_gate, (x.shape[-1], 4, self.size))
        w_h = self.param("w_h", glorot_each_gate, (self.size, 4, self.size))
        b = self.param("b", nn.initializers.zeros, (4, self.size))
        z = jnp.tensordot(x, w_x, 1) + jnp.tensordot(h, w_h, 1) + b
        f = nn.sigmoid(z[:, 0])
        i = nn.sigmoid(z[:, 1])
        o = nn.sigmoid(z[:, 2])
        g = nn.tanh(z[:, 3])
        c = f * c + i * g
        h = o * nn.tanh(c)
        return (c, h), h


class StreamLSTM(nn.Module):
    size: int = 128
    n_outputs: int = 1

    @nn.compact
    def __call__(self, x, carry: Optional[Tuple[Any, Any]] = None):
        if carry is None:
            zeros = jnp.zeros((x.shape[0], self.size), x.dtype)
            carry = (zeros, zeros)
        scan = nn.scan(FusedLSTMCell, variable_broadcast="params", split_rngs={"params": False}, in_axes=1, out_axes=1)
        carry, hs = scan(self.size)(carry, x)
        prediction = nn.Dense(self.n_outputs, kernel_init=nn.initializers.glorot_uniform())(hs[:, -1])
        return prediction, carry


@struct.dataclass
class Batch:
    x: jax.Array
    y: jax.Array


def draw(key, n=32, t=20):
    kx, ka, kb = jax.random.split(key, 3)
    values = jax.random.uniform(kx, (n, t, 1), minval=-1, maxval=1)
    a = jax.nn.one_hot(jax.random.randint(ka, (n,), 0, t // 2), t)
    b = jax.nn.one_hot(jax.random.randint(kb, (n,), t // 2, t), t)
    marks = (a + b)[..., None]
    return Batch(x=jnp.concatenate([values, marks], -1), y=0.5 + jnp.sum(values * marks, 1) / 4)


model = StreamLSTM()
tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(3e-4))


def loss_fn(params, batch):
    prediction, _ = model.apply(params, batch.x)
    return jnp.mean((prediction - batch.y) ** 2)


@jax.jit
def train_step(params, opt_state, batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, batch)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def main():
    key = jax.random.key(0)
    params = model.init(key, jnp.zeros((1, 20, 2)))
    opt_state = tx.init(params)
    for step in range(3000):
        params, opt_state, loss = train_step(params, opt_state, draw(jax.random.fold_in(key, step)))
        if step % 100 == 0:
            print(step, loss)
    test = draw(jax.random.key(1), n=500)
    prediction, _ = model.apply(params, test.x)
    print("mean absolute error", jnp.abs(prediction - test.y).mean())


if __name__ == "__main__":
    main()
