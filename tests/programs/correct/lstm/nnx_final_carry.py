"""Sum of two marked numbers in a noisy sequence (Hochreiter and Schmidhuber's "adding problem").

I only need the last hidden state, so the RNN hands back its final carry and I drop the per-step outputs.
Predictions are a vector with one number per sequence.
"""

import functools

import jax
import jax.numpy as jnp
import optax
from flax import nnx

xavier = nnx.initializers.glorot_uniform()


@functools.partial(jax.jit, static_argnums=(1, 2))
def sample(key, n, length):
    k_val, k_a, k_b = jax.random.split(key, 3)
    vals = jax.random.uniform(k_val, (n, length), minval=-1.0, maxval=1.0)
    a = jax.random.randint(k_a, (n,), 0, length // 2)
    b = jax.random.randint(k_b, (n,), length // 2, length)
    mark = jax.nn.one_hot(a, length) + jax.nn.one_hot(b, length)
    target = 0.5 + jnp.sum(vals * mark, axis=1) / 4
    return jnp.stack([vals, mark], axis=2), target


class Adder(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, n_in=2, n_hidden=128):
        self.lstm = nnx.RNN(
            nnx.LSTMCell(
                in_features=n_in,
                hidden_features=n_hidden,
                kernel_init=xavier,
                recurrent_kernel_init=xavier,
                rngs=rngs,
            ),
            return_carry=True,
        )
        self.readout = nnx.Linear(n_hidden, 1, kernel_init=xavier, rngs=rngs)

    def __call__(self, seq):
        (c, h), _ = self.lstm(seq)
        out = self.readout(h)
        return out.squeeze(-1)


def mse(pred, target):
    # optax halves the square
    return 2.0 * optax.l2_loss(pred, target).mean()


@nnx.jit
def step(model, opt, seq, target):
    def objective(m):
        return mse(m(seq), target)

    value, grads = nnx.value_and_grad(objective)(model)
    opt.update(model, grads)
    return value


@nnx.jit
def accuracy(model, seq, target):
    return jnp.mean(jnp.abs(model(seq) - target) < 0.04)


def run(n_steps=4000, batch_size=32, length=20, seed=0):
    model = Adder(nnx.Rngs(seed))
    opt = nnx.Optimizer(model, optax.adam(3e-4), wrt=nnx.Param)
    key = jax.random.key(seed)
    key, test_key = jax.random.split(key)
    test = sample(test_key, 1000, length)
    for i in range(n_steps):
        key, sub = jax.random.split(key)
        value = step(model, opt, *sample(sub, batch_size, length))
        if i % 500 == 0:
            print(i, value, accuracy(model, *test))
    return model


if __name__ == "__main__":
    run()
