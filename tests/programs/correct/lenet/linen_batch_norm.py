"""Linen convnet with batch normalisation; `train` chooses between batch and running statistics."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state


class TrainState(train_state.TrainState):
    batch_stats: Any


class ConvNet(nn.Module):
    """Two convolutions 5x5 with batch norm and max pooling, one hidden dense layer."""

    channels: tuple = (16, 32)
    hidden: int = 128

    @nn.compact
    def __call__(self, x, train: bool):
        for width in self.channels:
            x = nn.Conv(width, (5, 5), kernel_init=nn.initializers.he_normal())(x)
            x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
            x = nn.relu(x)
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.Dense(self.hidden, kernel_init=nn.initializers.he_normal())(x)
        x = nn.relu(x)
        return nn.Dense(10, kernel_init=nn.initializers.he_normal())(x)


def create_state(seed=0, learning_rate=1e-3):
    net = ConvNet()
    variables = net.init(jax.random.key(seed), jnp.zeros((1, 28, 28, 1)), train=False)
    return TrainState.create(
        apply_fn=net.apply,
        params=variables["params"],
        batch_stats=variables["batch_stats"],
        tx=optax.adam(learning_rate),
    )


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits, mutated = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats},
            batch["image"],
            train=True,
            mutable=["batch_stats"],
        )
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()
        return loss, mutated

    (loss, mutated), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads, batch_stats=mutated["batch_stats"])
    return state, loss


@jax.jit
def eval_step(state, batch):
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    logits = state.apply_fn(variables, batch["image"], train=False)
    return jnp.mean(logits.argmax(-1) == batch["label"])


def load():
    from sklearn.datasets import load_digits

    digits = load_digits()
    image = np.pad(np.kron(digits.images, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None] / 16
    order = np.random.default_rng(0).permutation(len(image))
    image, label = image[order].astype(np.float32), digits.target[order]
    return {"image": image[:1500], "label": label[:1500]}, {"image": image[1500:], "label": label[1500:]}


if __name__ == "__main__":
    train, test = load()
    state = create_state()
    rng = np.random.default_rng(1)
    for epoch in range(2):
        for rows in np.array_split(rng.permutation(1500), 30):
            state, loss = train_step(state, {k: v[rows] for k, v in train.items()})
        print(epoch, float(loss), float(eval_step(state, test)))
