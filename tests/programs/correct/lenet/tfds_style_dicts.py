"""The Flax example's layout, with a generator of dicts instead of tf.data."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state


class CNN(nn.Module):
    @nn.compact
    def __call__(self, x):
        he = nn.initializers.he_normal()
        x = nn.relu(nn.Conv(6, (5, 5), padding="SAME", kernel_init=he)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Conv(16, (5, 5), padding="VALID", kernel_init=he)(x))
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(120, kernel_init=he)(x))
        x = nn.relu(nn.Dense(84, kernel_init=he)(x))
        return nn.Dense(10, kernel_init=he)(x)


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"])
        one_hot = jax.nn.one_hot(batch["label"], 10)
        return jnp.mean(optax.softmax_cross_entropy(logits, one_hot))

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def normalize(batch):
    image = np.asarray(batch["image"], np.float32) / 255.0
    return {"image": image, "label": np.asarray(batch["label"], np.int32)}


def train_batches(ds, batch_size, key):
    """Whole batches only, as Flax's examples have them: another remainder is left out in each epoch."""
    steps_per_epoch = len(ds["image"]) // batch_size
    perms = jax.random.permutation(key, len(ds["image"]))
    perms = perms[: steps_per_epoch * batch_size].reshape((steps_per_epoch, batch_size))
    for perm in perms:
        batch = {k: v[perm] for k, v in ds.items()}
        yield batch


def split_data(images, labels, test_fraction=0.2, seed=0):
    order = np.random.default_rng(seed).permutation(len(images))
    n_test = int(len(images) * test_fraction)
    test_rows, train_rows = order[:n_test], order[n_test:]
    train = {"image": images[train_rows], "label": labels[train_rows]}
    test = {"image": images[test_rows], "label": labels[test_rows]}
    return train, test


def create_state(key):
    params = CNN().init(key, jnp.ones((1, 28, 28, 1)))["params"]
    return train_state.TrainState.create(apply_fn=CNN().apply, params=params, tx=optax.adam(3e-4))
