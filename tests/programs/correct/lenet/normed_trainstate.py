"""LeNet with batch norm and dropout in Linen; the train state holds statistics and a key."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state


class TrainState(train_state.TrainState):
    batch_stats: Any
    key: jax.Array


class LeNet(nn.Module):
    drop: float = 0.5

    @nn.compact
    def __call__(self, x, training: bool):
        for channels, padding in ((6, "SAME"), (16, "VALID")):
            x = nn.Conv(channels, (5, 5), padding=padding)(x)
            x = nn.BatchNorm(use_running_average=not training, momentum=0.9)(x)
            x = nn.avg_pool(nn.relu(x), (2, 2), strides=(2, 2))
        x = x.reshape(x.shape[0], -1)
        x = nn.relu(nn.Dense(120)(x))
        x = nn.relu(nn.Dense(84)(x))
        x = nn.Dropout(self.drop, deterministic=not training)(x)
        return nn.Dense(10)(x)


def create_train_state(key, learning_rate=3e-4):
    params_key, dropout_key = jax.random.split(key)
    model = LeNet()
    variables = model.init(params_key, jnp.zeros((1, 28, 28, 1)), training=False)
    return TrainState.create(
        apply_fn=model.apply,
        params=variables["params"],
        batch_stats=variables["batch_stats"],
        key=dropout_key,
        tx=optax.adamw(learning_rate, weight_decay=1e-4),
    )


@jax.jit
def train_step(state, batch):
    dropout_key = jax.random.fold_in(state.key, state.step)

    def loss_fn(params):
        logits, updates = state.apply_fn(
            {"params": params, "batch_stats": state.batch_stats},
            batch["image"],
            training=True,
            mutable=["batch_stats"],
            rngs={"dropout": dropout_key},
        )
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"]).mean()
        return loss, updates

    (loss, updates), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads, batch_stats=updates["batch_stats"])
    return state, {"loss": loss}


@jax.jit
def eval_step(state, batch):
    variables = {"params": state.params, "batch_stats": state.batch_stats}
    logits = state.apply_fn(variables, batch["image"], training=False)
    return (logits.argmax(-1) == batch["label"]).mean()


def main():
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[..., None].astype(
        np.float32
    )
    state = create_train_state(jax.random.key(0))
    rng = np.random.default_rng(0)
    for epoch in range(5):
        for rows in np.array_split(rng.permutation(1500), 47):
            state, metrics = train_step(state, {"image": images[rows], "label": digits.target[rows]})
        test = {"image": images[1500:], "label": digits.target[1500:]}
        print(epoch, float(metrics["loss"]), float(eval_step(state, test)))


if __name__ == "__main__":
    main()
