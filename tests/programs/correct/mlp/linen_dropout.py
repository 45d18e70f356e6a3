"""MLP with dropout for small tabular data (Flax Linen).

Dropout is switched off by `deterministic=True`, which is the default so that prediction needs no random key.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from sklearn.datasets import load_breast_cancer

he_init = nn.initializers.he_normal()


class DropoutMLP(nn.Module):
    hidden: int = 128
    classes: int = 2
    rate: float = 0.2

    @nn.compact
    def __call__(self, x, deterministic: bool = True):
        x = nn.Dense(self.hidden, kernel_init=he_init, name="hidden")(x)
        x = nn.relu(x)
        x = nn.Dropout(rate=self.rate, deterministic=deterministic)(x)
        x = nn.Dense(self.classes, kernel_init=he_init, name="head")(x)
        return x


net = DropoutMLP()
optimizer = optax.adam(learning_rate=5e-4)


def loss_fn(params, x, y, key):
    logits = net.apply({"params": params}, x, deterministic=False, rngs={"dropout": key})
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train_step(params, opt_state, x, y, key):
    value, grads = jax.value_and_grad(loss_fn)(params, x, y, key)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value


@functools.partial(jax.jit, static_argnames=("top",))
def accuracy(params, x, y, top=1):
    logits = net.apply({"params": params}, x)
    best = jnp.argsort(logits, axis=-1)[:, -top:]
    return jnp.any(best == y[:, None], axis=-1).mean()


def main():
    x, y = load_breast_cancer(return_X_y=True)
    split = int(0.8 * len(x))
    order = np.random.default_rng(3).permutation(len(x))
    x, y = x[order].astype(np.float32), y[order]
    x = (x - x[:split].mean(axis=0)) / x[:split].std(axis=0)

    key = jax.random.key(0)
    key, init_key = jax.random.split(key)
    params = net.init(init_key, x[:1])["params"]
    opt_state = optimizer.init(params)
    for epoch in range(40):
        key, shuffle_key = jax.random.split(key)
        shuffled = np.asarray(jax.random.permutation(shuffle_key, split))
        for i in range(0, split, 32):
            key, dropout_key = jax.random.split(key)
            rows = shuffled[i : i + 32]
            params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows], dropout_key)
        print(epoch, float(loss), float(accuracy(params, x[split:], y[split:])))


if __name__ == "__main__":
    main()
