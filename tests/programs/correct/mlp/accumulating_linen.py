"""A small classifier on tabular data; each step adds up the gradients of four parts of the batch."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state
from sklearn.datasets import load_breast_cancer

PARTS = 4
EPOCHS = 20
BATCH = 64
BASE_LR = 1e-3


class Classifier(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(64, kernel_init=nn.initializers.he_normal())(x))
        return nn.Dense(2, kernel_init=nn.initializers.he_normal())(x)


def create_train_state(key, steps_per_epoch):
    model = Classifier()
    params = model.init(key, jnp.zeros((1, 30)))["params"]
    schedule = optax.warmup_cosine_decay_schedule(0.0, BASE_LR, 2 * steps_per_epoch, EPOCHS * steps_per_epoch)
    # gradients are clipped by their global norm, and weight decay is decoupled
    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-4))
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=tx)


def loss_fn(params, apply_fn, x, y):
    logits = apply_fn({"params": params}, x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train_step(state, x, y):
    grad_fn = jax.value_and_grad(loss_fn)
    xs = x.reshape(PARTS, -1, *x.shape[1:])
    ys = y.reshape(PARTS, -1)

    def add(carry, part):
        total, summed = carry
        loss, grads = grad_fn(state.params, state.apply_fn, *part)
        return (total + loss, jax.tree.map(jnp.add, summed, grads)), None

    zeros = jax.tree.map(jnp.zeros_like, state.params)
    (total, summed), _ = jax.lax.scan(add, (0.0, zeros), (xs, ys))
    grads = jax.tree.map(lambda g: g / PARTS, summed)
    state = state.apply_gradients(grads=grads)
    return state, total / PARTS


def main():
    x, y = load_breast_cancer(return_X_y=True)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    steps_per_epoch = len(x) // BATCH
    state = create_train_state(jax.random.key(0), steps_per_epoch)
    rng = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for k in range(steps_per_epoch):
            rows = order[k * BATCH : (k + 1) * BATCH]
            state, loss = train_step(state, x[rows], y[rows])
        print(epoch, float(loss))


if __name__ == "__main__":
    main()
