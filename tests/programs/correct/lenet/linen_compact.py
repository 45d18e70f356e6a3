"""LeNet in Flax Linen with a TrainState, the short way."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state


class LeNet(nn.Module):
    """Two conv layers with average pooling, three dense layers."""

    num_classes: int = 10

    @nn.compact
    def __call__(self, x):
        he = nn.initializers.he_normal()
        x = nn.Conv(features=6, kernel_size=(5, 5), padding="SAME", kernel_init=he)(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.Conv(features=16, kernel_size=(5, 5), padding="VALID", kernel_init=he)(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(features=120, kernel_init=he)(x)
        x = nn.relu(x)
        x = nn.Dense(features=84, kernel_init=he)(x)
        x = nn.relu(x)
        x = nn.Dense(features=self.num_classes, kernel_init=he)(x)
        return x


def create_train_state(rng, learning_rate=3e-4):
    net = LeNet()
    params = net.init(rng, jnp.ones([1, 28, 28, 1]))["params"]
    return train_state.TrainState.create(apply_fn=net.apply, params=params, tx=optax.adam(learning_rate))


def cross_entropy_loss(logits, labels):
    labels_onehot = jax.nn.one_hot(labels, num_classes=10)
    return optax.softmax_cross_entropy(logits=logits, labels=labels_onehot).mean()


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["image"])
        return cross_entropy_loss(logits, batch["label"])

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    state = state.apply_gradients(grads=grads)
    return state, loss


@jax.jit
def eval_step(params, batch):
    logits = LeNet().apply({"params": params}, batch["image"])
    return jnp.mean(jnp.argmax(logits, -1) == batch["label"])


def get_datasets():
    from sklearn.datasets import load_digits

    digits = load_digits()
    image = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2))) / 16
    image = np.float32(image[..., None])
    order = np.random.RandomState(0).permutation(len(image))
    train, test = order[:1437], order[1437:]
    return (
        {"image": image[train], "label": digits.target[train]},
        {"image": image[test], "label": digits.target[test]},
    )


def train_and_evaluate(num_epochs=3, batch_size=32):
    train_ds, test_ds = get_datasets()
    state = create_train_state(jax.random.key(0))
    rng = np.random.RandomState(1)
    for epoch in range(num_epochs):
        perm = rng.permutation(len(train_ds["label"]))
        for start in range(0, len(perm), batch_size):
            index = perm[start : start + batch_size]
            state, loss = train_step(state, {k: v[index] for k, v in train_ds.items()})
        print(f"epoch {epoch}: loss {loss:.4f}, test accuracy {eval_step(state.params, test_ds):.4f}")
    return state


if __name__ == "__main__":
    train_and_evaluate()
